// The face: promises answers to tickets, gives errors and events their shape, and keeps the timeline. Importing it does
// nothing; index.js and slim.js differ only in where the module is from.

import { TokenError, refuse } from "./error.js";
import { fetchFor } from "./fetch.js";
import { handsOf, report } from "./hands.js";
import { settingsOf } from "./options.js";
import { receiptsOf } from "./receipts.js";
import { Session } from "./session.js";
import { storeOf } from "./store.js";
import { json } from "./values.js";
import { Keeper } from "./wasm/tokenkeeper.js";
import { messages, words } from "./wasm/words.js";

const WARNINGS = {
  body_not_replayable: "A streamed body was answered 401 and cannot be sent again.",
  clock_skew: "This device's clock is off. Nothing depends on it.",
  insufficient_scope: "The token lacks a scope; a refresh would not help.",
  refresh_failed: "The refresh failed; the session stays.",
  step_up_required: "A stronger or fresher login is needed; a refresh would not help.",
  storage_corrupt: "The store holds what is no session; the next one replaces it.",
  storage_unavailable: "The store cannot be used: the session lives in this page's memory.",
  token_rejected: "A new token was refused: check its audience and the resource's clock.",
};

// What a warning's number is.
const HOW_MUCH = { clock_skew: "skewMs", refresh_failed: "retryInMs", step_up_required: "maxAge" };

const EVENTS = ["login", "refresh", "logout", "warning"];
const CHANGE = "change";
const REMEMBERED = 100;

// What a manager's parts share, and what the keeper (src/web/keeper.rs) calls: receipts, store and hands; here promises by
// ticket, the lease on the token, listeners, the timeline.
const deskOf = ((settings) => {
  const waiting = new Map();
  const listeners = new Set();
  const timeline = [];
  let early = []; // warnings from before anyone could listen
  let tickets = 0;
  let lease;
  let session; // made when it is asked for

  const remember = ((what, why, status, remote) => {
    timeline.push({ at: Date.now(), what, ...(why && { why }), ...(status && { status }), ...(remote && { remote }) });
    if (timeline.length > REMEMBERED) timeline.shift();
  });

  const desk = {
    keeper: undefined, // once there is one
    ended: false,
    resources: settings.resources, // that the keeper does not know yet

    // The token that needs no question, while it is good. (Parts of a desk have methods alone: Object.assign would ask a getter.)
    get token() {
      return lease?.until > Date.now() && lease.spent > performance.now() ? lease : undefined;
    },

    get isLoggedIn() {
      return lease !== undefined;
    },

    // The same object until something changes.
    get session() {
      if (desk.ended || !lease) return null;
      return (session ??= new Session(lease, settings.server.oauth));
    },

    // Feeds the keeper with a ticket, and promises its answer.
    ask: ((feed) => {
      const ticket = ++tickets;
      const reply = new Promise(((resolve, reject) => waiting.set(ticket, { resolve, reject })));
      reply.ticket = ticket;
      if (desk.ended) desk.fail(ticket, words.indexOf("closed"));
      else feed(ticket);
      return reply;
    }),

    left({ ticket }) {
      waiting.delete(ticket);
      desk.keeper.left(ticket);
    },

    answer: ((ticket) => {
      waiting.get(ticket)?.resolve(lease);
      waiting.delete(ticket);
    }),

    // An error's code has one number among the words and the messages (src/core/words.rs).
    fail(ticket, code, retryable, status, receipt) {
      const { text } = desk.contentOf(receipt);
      const body = text ? (json(text) ?? text) : undefined;
      const error = new TokenError(words[code], messages[code], !!retryable, status || undefined, body);
      waiting.get(ticket)?.reject(error);
      waiting.delete(ticket);
    },

    // The session in hand; its token may be used unasked for a while. No access token: nobody is logged in.
    lease: ((access, scope, family, generation, until, expires, refreshExpires) => {
      session = undefined;
      lease = access ? { token: desk.contentOf(access).access, scope: desk.contentOf(scope).scope, family, generation, until, spent: performance.now() + until - Date.now(), expires, refreshExpires } : undefined;
    }),

    // A login or a refresh brought a session that is over already: a listener logged out, or it lived for a moment only. The
    // core has the error for that, the same as for a 401 to a token that is nobody's.
    gone: () => desk.ask((ticket) => desk.keeper.refused(ticket, 0, 0, false)),

    emit(event, elsewhere, reason) {
      const type = words[event];
      const ended = type === "logout";
      const remote = elsewhere !== 0;
      remember(type, ended && words[reason], 0, remote);
      notify(type, ended ? { reason: words[reason], remote } : { session: desk.session, remote });
      notify(CHANGE);
    },

    // What a challenge says is as it was sent: a backslash says that the next character is meant (RFC 9110 section 5.6.4).
    warn(word, much, ...quoted) {
      const code = words[word];
      const [scope, acrValues] = quoted.map((text) => text?.replace(/\\(.)/g, "$1"));
      desk.caution(code, { ...(acrValues && { acrValues }), ...(scope && { scope }), ...(Number.isNaN(much) || { [HOW_MUCH[code]]: much }) });
    },

    caution(code, more) {
      const warning = { code, message: WARNINGS[code], ...more };
      if (code !== "refresh_failed") remember(code); // the core told of that, and why
      if (code === "clock_skew") notify(CHANGE); // for a session that expires at another time by this clock
      if (early) early.push(warning);
      else notify("warning", warning);
    },

    log: ((what, why, status) => remember(words[what], words[why], status)),
    explain: () => timeline.map((line) => ({ ...line })),

    // Whoever awaited the opening had the time to listen: its warnings are told.
    opened() {
      for (const warning of early) notify("warning", warning);
      early = undefined;
    },

    listen(type, listener) {
      if (typeof listener !== "function") refuse("The listener", "must be a function.");
      const entry = { type, listener };
      listeners.add(entry);
      return () => void listeners.delete(entry);
    },

    silence: () => listeners.clear(),
  };

  // One that throws is reported as the platform does, and keeps no other from being told.
  function notify(type, event) {
    for (const entry of [...listeners]) {
      if (entry.type !== type || !listeners.has(entry)) continue;
      try {
        entry.listener(event);
      } catch (error) {
        report(error);
      }
    }
  }

  return Object.assign(desk, receiptsOf(desk), storeOf(desk, settings), handsOf(desk, settings));
});

// The manager itself: what a user holds, and no more.
const managerOf = ((desk) => {
  return {
    fetch: fetchFor(desk, (...all) => fetch(...all)),
    fetchVia: (transport) => fetchFor(desk, transport),

    get session() {
      return desk.session;
    },

    async login(credentials) {
      await desk.login(credentials);
      await desk.settled();
      return desk.session ?? desk.gone();
    },

    async logout() {
      // The answer tells only that the server was told.
      await desk.ask((ticket) => desk.keeper.logout(ticket));
    },

    async token() {
      return (await desk.want()).token;
    },

    async refresh() {
      await desk.ask((ticket) => desk.keeper.renew(ticket));
      await desk.settled();
      return desk.session ?? desk.gone();
    },

    on(type, listener) {
      if (!EVENTS.includes(type)) refuse("on(type)", `must be one of ${EVENTS.join(", ")}.`);
      return desk.listen(type, listener);
    },

    subscribe: (listener) => desk.listen(CHANGE, listener),
    explain: () => desk.explain(),
    close: () => desk.end(),
    // Where a platform has no Symbol.dispose, the method is merely out of reach.
    [Symbol.dispose]: () => desk.end(),
  };
});

export const createManager = (async function (options) {
  const settings = settingsOf(options);
  const { server, renewable, cookie, place, autoRefresh, margin, deadline } = settings;
  const desk = deskOf(settings);
  desk.keeper = new Keeper(weakly(desk), server.oauth, renewable, cookie, place.shared, autoRefresh, margin, deadline);
  await desk.begin();
  return managerOf(desk);
});

// The keeper's way to its desk, which does not keep it alive: what the module holds is never
// collected, and the desk holds the keeper.
const weakly = ((desk) => {
  const ref = new WeakRef(desk);
  return new Proxy({}, { get: ((_, name) => ((...values) => ref.deref()?.[name](...values))) });
});
