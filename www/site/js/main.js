// Puts the page together: one manager, observed from outside, and the panels that show what it does.

import { createTokenManager, isTokenError } from "/pkg/index.js";
import { Clocks } from "./clocks.js";
import { Diagram } from "./diagram.js";
import { byId } from "./dom.js";
import { Lab } from "./lab.js";
import { logEvent, showReasons } from "./log.js";
import { watchNetwork } from "./network.js";
import { forgetOutcomes, offerRights, showRights } from "./rights.js";
import { onSetup, optionsFor, readSetup } from "./setup.js";
import { tell } from "./story.js";
import { showToken } from "./token.js";
import { Transcript } from "./transcript.js";
import { Words, logoutSays, warningSays } from "./words.js";

const CALLS = 100;

let auth;
let setup;
let refreshes = 0;

const words = new Words();
const transcript = new Transcript((row, isNew) => diagram.changed(row, isNew));
const diagram = new Diagram(transcript);
const clocks = new Clocks();

// First of all, so that the manager's calls are seen.
const network = watchNetwork({
  onRequest(call) {
    if (call.purpose === "refresh") refreshes += 1;
    draw("request", call, words.request(call, auth?.session));
  },
  onAnswer(call, answer) {
    draw("answer", call, words.answer(call, answer, auth?.session));
  },
  onLost(call) {
    draw("answer", call, words.lost());
  },
});
const lab = new Lab(network.bare);

function draw(kind, call, { says, ...label }) {
  const row = transcript[kind](call, label);
  if (row.count === 1) tell(says);
}

function note(lane, title, says) {
  transcript.note(lane, title);
  if (says) tell(says);
}

// The manager

async function open(next) {
  setup = next;
  auth = await createTokenManager(optionsFor(setup));
  auth.on("login", (event) => {
    logEvent("login", event);
    if (event.remote) note("client", "login in another tab", "Somebody logged in in another tab, so this one is logged in too.");
    show({ renewed: !event.remote });
  });
  auth.on("refresh", (event) => {
    logEvent("refresh", event);
    if (event.remote) note("client", "new token from another tab", "Another tab has refreshed; this one takes over its token and asks nobody.");
    show({ renewed: !event.remote });
  });
  auth.on("logout", (event) => {
    logEvent("logout", event);
    note("client", `logged out: ${event.remote ? "remote" : event.reason}`, logoutSays(event));
    show();
  });
  auth.on("warning", (event) => {
    logEvent("warning", event);
    const says = warningSays(event);
    if (says) tell(says);
    show();
  });
  auth.subscribe(() => show());
  if (auth.session) tell(`A session was found: ${nameIn(auth.session)} is still logged in.`);
  show();
}

// One after the other: a logout must not meet the next manager.
let opening = Promise.resolve();
function reopen(next) {
  opening = opening.catch(() => {}).then(async () => {
    const ended = Boolean(auth?.session);
    if (ended) await auth.logout();
    auth?.close();
    await open(next);
    tell(`${ended ? "Another set-up begins without a session. " : ""}${next.renew ? "Expired tokens will be renewed." : "An expired token will mean logging in again."}`);
  });
  opening.catch(fail);
}

function show({ renewed = false } = {}) {
  const { session } = auth;
  clocks.show(session, { renewed, cookie: setup.storage === "cookie", renew: setup.renew && session?.refreshExpiresAt !== null });
  showAccount(session);
  showRights(session);
  showReasons(auth.explain());
  showCurrentToken(session);
}

async function showCurrentToken(session) {
  if (!session) return showToken(null);
  try {
    // Asking must not cause the refresh that the page is to show when a call needs it.
    if (setup.renew && !setup.ahead && isStale(session)) return showToken(null, null, "It is shown after the next refresh.");
    const token = await auth.token();
    if (auth.session === session) showToken(token, network.numberOf(token));
  } catch (error) {
    if (!isTokenError(error)) throw error;
  }
}

function isStale({ claims, expiresAt }) {
  return expiresAt - Date.now() < ((claims.exp - claims.iat) * 1000) / 4;
}

function nameIn(session) {
  return session.claims?.name ?? session.claims?.sub ?? "somebody";
}

function showAccount(session) {
  const who = byId("who-text");
  const text = session ? `${nameIn(session)} is logged in.` : "Nobody is logged in.";
  if (who.textContent !== text) {
    who.textContent = text;
    forgetOutcomes();
  }
  byId("who").dataset.in = Boolean(session);
  byId("login-says").textContent = session ? "Or log in as" : "Log in as";
  // Where tabs do not share a session, one without can still log out the others.
  byId("logout").hidden = !session && setup.storage === "local";
}

// What people do

async function call(path, init) {
  await opening;
  try {
    return await auth.fetch(path, init);
  } finally {
    showReasons(auth.explain());
  }
}

async function callOnce() {
  await call("/api/orders").then((response) => response.text());
}

async function burst() {
  const before = refreshes;
  const calls = Array.from({ length: CALLS }, () => call("/api/orders").then(async (response) => (await response.text(), response.status)));
  const results = await Promise.allSettled(calls);
  const counts = Map.groupBy(results, ({ status, value }) => (status === "fulfilled" ? value : "no answer"));
  const outcome = [...counts].map(([answer, { length }]) => `${length} × ${answer}`).join(", ");
  tell(`${CALLS} calls: ${outcome}. Refreshes meanwhile: ${refreshes - before}.`);
}

async function login(event) {
  event.preventDefault();
  const error = byId("login-error");
  const { username, password } = Object.fromEntries(new FormData(event.target));
  error.textContent = "";
  try {
    await opening;
    await auth.login({ username, password, ...(!setup.renew && { refresh: false }) });
  } catch (thrown) {
    if (!isTokenError(thrown)) throw thrown;
    error.textContent = thrown.body?.message ?? thrown.message;
  } finally {
    byId("password").setAttribute("aria-invalid", Boolean(error.textContent));
    showReasons(auth.explain());
  }
}

async function refresh() {
  if (!auth.session) return tell("Nobody is logged in, so there is nothing to renew.");
  await auth.refresh();
}

// The lab speaks about whoever is logged in.
async function provoke(action, title, says) {
  const username = auth.session?.claims?.sub;
  if (!username) return tell("Log in first: there is no token yet.");
  await action(username);
  note("auth", title, says);
}

function expireAccess() {
  return provoke((name) => lab.expireAccess(name), "lab: access token expired", "From now on the servers take the access token for expired. The client does not know; its next call will tell.");
}

function expireRefresh() {
  return provoke((name) => lab.expireRefresh(name), "lab: refresh token expired", "The refresh token is expired at the server. The access token still works until its own end.");
}

function breakRefresh() {
  const kind = byId("fault-kind");
  const text = kind.selectedOptions[0].textContent;
  return provoke(() => lab.breakRefresh(kind.value), `lab: next refresh, ${text}`, FAULTS[kind.value]);
}

const FAULTS = {
  before: "The next refresh will not reach the server. Wait for it, or refresh now.",
  after: "The server will act on the next refresh and its answer will be lost; a strict server then takes the retry for theft.",
  grace: "The answer to the next refresh will be lost; the server forgives a retry within 10 s.",
  503: "The next refresh will be answered 503. Wait for it, or refresh now.",
};

function toggleOffline() {
  network.offline = !network.offline;
  const { offline } = network;
  const button = byId("offline");
  button.setAttribute("aria-pressed", offline);
  byId("client-says").textContent = offline ? "offline (simulated)" : "this page";
  note("client", offline ? "offline (simulated)" : "online again", offline ? "This page has no network now (simulated); the session stays." : "The network is back, and what was waiting goes on.");
}

// Whatever goes wrong is said.
function fail(error) {
  if (auth) showReasons(auth.explain());
  if (isTokenError(error)) tell(error.message);
  else if (!(error instanceof TypeError)) throw error;
}

function onClick(id, action) {
  byId(id).addEventListener("click", async () => {
    const last = transcript.rows.at(-1);
    try {
      await action();
    } catch (error) {
      // What the diagram shows needs no second sentence.
      if (transcript.rows.at(-1) === last || !isTokenError(error)) fail(error);
    }
  });
}

onClick("call", callOnce);
onClick("burst", burst);
onClick("refresh", refresh);
onClick("expire-access", expireAccess);
onClick("expire-refresh", expireRefresh);
onClick("fault", breakRefresh);
onClick("offline", toggleOffline);
onClick("logout", () => auth.logout());
byId("login").addEventListener("submit", login);
for (const known of document.querySelectorAll("[data-user]")) {
  known.addEventListener("click", () => {
    byId("username").value = known.dataset.user;
    byId("password").value = known.dataset.password;
  });
}
offerRights(call);
onSetup(reopen);

tell("Log in, call the API, and see what goes to which server.");
opening = open(readSetup());
opening.catch(fail);
if (!(await lab.isOpen())) {
  for (const button of document.querySelectorAll("[data-lab]")) button.hidden = true;
  byId("no-lab").hidden = false;
}
