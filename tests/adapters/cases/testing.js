import { createTestManager } from "tokenkeeper/testing";
import { equal, ok, rejection, test } from "../lib/harness.js";

const minute = 60_000;

test("testing: the example of its documentation", async () => {
  const { auth, server, clock } = await createTestManager({ lifetime: 60 });
  await auth.login({ username: "ada" });
  server.answerNext("refresh", 503);
  await clock.advance(61_000);
  equal(server.count("refresh"), 2);
  equal((await auth.fetch("/api/orders")).status, 200);
});

test("testing: unless the test says otherwise it is now, a token lives for five minutes, and the API wants one", async () => {
  const before = Date.now();
  const { auth, clock } = await createTestManager();
  ok(clock.now() >= before && clock.now() <= Date.now(), "now");
  equal((await auth.fetch("/api")).status, 401);
  await auth.login({});
  equal(auth.session.expiresAt - clock.now(), 300_000);
  equal([(await auth.fetch("/api")).status, await (await auth.fetch("/api")).json()], [200, {}]);
});

test("testing: the server and the storage are its own, whatever the options of the app", async () => {
  const { auth, server } = await createTestManager({ server: { kind: "oauth", token: "https://sso.example.com/" }, storage: "local" });
  await auth.login({});
  equal([server.count("login"), auth.explain().filter(({ what }) => what === "storage_unavailable").length], [1, 0]);
});

test("testing: the server is at the page's own origin", "page", async () => {
  equal((await createTestManager()).server.origin, location.origin);
});

test("testing: where the page has no origin to send to, as jsdom's, the server has one of its own", "node", async () => {
  globalThis.location = new URL("about:blank");
  try {
    const { auth, server } = await createTestManager();
    await auth.login({});
    equal([server.origin, (await auth.fetch("/api")).status], ["https://app.test", 200]);
  } finally {
    delete globalThis.location;
  }
});

test("testing: a warning is told when it is due, and one run waits as long as the other", async () => {
  const waits = [];
  for (const _ of [1, 2]) {
    const { auth, server } = await createTestManager();
    auth.on("warning", ({ code, retryInMs }) => waits.push([code, retryInMs]));
    await auth.login({});
    server.answerNext("refresh", 503);
    await rejection(auth.refresh());
  }
  equal(waits.length, 2, "warnings");
  equal(waits[0], waits[1]);
});

test("testing: time passes only when the test says so, in the order in which things fall due", async () => {
  const { auth, server, clock } = await createTestManager({ lifetime: 60, now: 1_000_000 });
  const seen = [];
  auth.on("refresh", ({ session }) => seen.push([clock.now(), session.expiresAt]));
  await auth.login({});
  const { iat, exp } = auth.session.claims;
  equal([clock.now(), auth.session.expiresAt, iat, exp], [1_000_000, 1_060_000, 1000, 1060]);
  await clock.advance(2 * minute);
  ok(seen.length >= 2 && seen.length <= 3, `two or three refreshes, not ${seen.length}`);
  ok(seen.every(([at, expires], i) => expires === at + minute && at > (seen[i - 1]?.[0] ?? 1_000_000)), JSON.stringify(seen));
  equal([clock.now(), server.count("refresh")], [1_000_000 + 2 * minute, seen.length]);
});

test("testing: what falls due earlier happens earlier, though it began later", async () => {
  const { auth, server, clock } = await createTestManager({ lifetime: 60, now: 0, requestTimeout: 5 });
  await auth.login({});
  const seen = [];
  auth.on("refresh", () => seen.push(["refresh", clock.now()]));
  server.answerNext("login", new Promise(() => {}));
  auth.login({}).catch(({ code }) => seen.push([code, clock.now()]));
  await clock.advance(minute);
  equal(seen, [["timeout", 5000], ["refresh", 45_000]]);
});

test("testing: the real core refreshes once for all who ask, and its token is rotated", async () => {
  const { auth, server } = await createTestManager();
  await auth.login({});
  server.expireTokens();
  const answers = await Promise.all(Array.from({ length: 20 }, () => auth.fetch("/api")));
  equal(answers.map(({ status }) => status), answers.map(() => 200));
  equal(server.count("refresh"), 1);
  await auth.refresh();
  const sent = await Promise.all(server.requests.filter(({ endpoint }) => endpoint === "refresh").map(({ request }) => request.json()));
  equal(sent, [{ refresh_token: "refresh-1" }, { refresh_token: "refresh-2" }]);
});

test("testing: a token is good until it expires or somebody logs out, and each is another", async () => {
  const { auth, clock } = await createTestManager({ lifetime: 60, now: 0, autoRefresh: false });
  const answer = async (token) => {
    const { status, headers } = await auth.fetch("/api", { headers: { authorization: `Bearer ${token}` } });
    return [status, headers.get("www-authenticate")];
  };
  const [good, refused] = [[200, null], [401, 'Bearer error="invalid_token"']];
  await auth.login({});
  const first = await auth.token();
  await clock.advance(minute - 1);
  equal(await answer(first), good);
  await clock.advance(1);
  equal(await answer(first), refused);
  await auth.refresh();
  const second = await auth.token();
  await auth.refresh();
  ok(second !== (await auth.token()), "another token");
  equal(await answer(second), good);
  await auth.logout();
  equal(await answer(second), refused);
});

test("testing: claims may depend on who logs in", async () => {
  const { auth } = await createTestManager({ claims: ({ username }) => ({ sub: username, name: "Ådå ?????>>>>>", roles: username === "ada" ? ["admin"] : [] }) });
  await auth.login({ username: "ada" });
  equal([auth.session.claims.sub, auth.session.claims.name, auth.session.hasRole("admin")], ["ada", "Ådå ?????>>>>>", true]);
  await auth.login({ username: "bob" });
  equal(auth.session.hasRole("admin"), false);
});

test("testing: a refusal, a lost network and a server that does not answer are as the manager tells them", async (t) => {
  const { auth, server, clock } = await createTestManager({ requestTimeout: 5 });
  server.answerNext("login", Response.json({ detail: "no" }, { status: 401 }), new TypeError("Failed to fetch"), new Promise(() => {}));
  await t.fails(auth.login({}), { code: "login_rejected", status: 401, body: { detail: "no" } });
  await t.fails(auth.login({}), { code: "network" });
  const late = t.fails(auth.login({}), { code: "timeout" });
  await clock.advance(5000);
  await late;
  await auth.login({});
  ok(auth.session, "a session after all");
});

test("testing: one answer serves as often as it is given", async (t) => {
  const { auth, server } = await createTestManager();
  const no = Response.json({ detail: "no" }, { status: 401 });
  server.answerNext("login", no, no);
  for (const _ of [1, 2]) await t.fails(auth.login({}), { code: "login_rejected", body: { detail: "no" } });
});

test("testing: answers come in the order in which they were given, and are the caller's as they are", async () => {
  const { auth, server } = await createTestManager();
  await auth.login({});
  const lost = new TypeError("Failed to fetch");
  server.answerNext("api", 204, Response.json({ id: 7 }));
  server.answerNext("api", lost);
  equal((await auth.fetch("/api")).status, 204);
  equal(await (await auth.fetch("/api")).json(), { id: 7 });
  ok((await rejection(auth.fetch("/api"))) === lost, "the very error");
  equal((await auth.fetch("/api")).status, 200);
});

test("testing: only the server's own three addresses are the manager's calls", async () => {
  const { auth, server } = await createTestManager();
  for (const address of ["https://elsewhere.example/auth/login", "/v1/auth/login", "/auth/logins"]) await auth.fetch(address, { method: "POST" });
  equal(server.requests.map(({ endpoint }) => endpoint), ["api", "api", "api"]);
});

test("testing: a revoked session ends with the next refresh", async () => {
  const { auth, server } = await createTestManager();
  await auth.login({});
  const reasons = [];
  auth.on("logout", ({ reason }) => reasons.push(reason));
  server.revoke();
  equal((await auth.fetch("/api")).status, 401);
  equal([auth.session, reasons], [null, ["refresh_rejected"]]);
});

test("testing: the API is the test's, is asked with the token, and may be anywhere", async () => {
  const asked = [];
  const api = async (request) => {
    asked.push([request.url, request.headers.has("authorization"), await request.text()]);
    return new Response(null, { status: 204 });
  };
  const { auth, server } = await createTestManager({ api, resources: ["https://api.example.com/v1/"] });
  await auth.login({});
  await auth.fetch("https://api.example.com/v1/orders", { method: "POST", body: "one" });
  await auth.fetch("https://elsewhere.example/");
  equal(asked, [["https://api.example.com/v1/orders", true, "one"], ["https://elsewhere.example/", false, ""]]);
  equal(server.requests.at(-1).request.url, "https://elsewhere.example/");
});

test("testing: an abort is the caller's, also of an answer that never comes", async () => {
  const { auth, server } = await createTestManager();
  await auth.login({});
  server.answerNext("api", new Promise(() => {}));
  const controller = new AbortController();
  const asking = rejection(auth.fetch("/api", { signal: controller.signal }));
  const reason = new Error("enough");
  controller.abort(reason);
  ok((await asking) === reason, "the caller's own reason");
  ok((await rejection(auth.fetch("/api", { signal: controller.signal }))) === reason, "the reason of a signal aborted before");
  equal(server.count("api"), 1, "calls that were sent");
});

test("testing: two managers have each their own clock, server and session, and no global of the test's changes", async () => {
  const names = ["fetch", "setTimeout", "clearTimeout", "Date", "performance", "Math", "navigator"];
  const before = names.map((name) => globalThis[name]);
  const [one, two] = await Promise.all([createTestManager({ now: 0, lifetime: 60 }), createTestManager({ now: 0, lifetime: 60 })]);
  await one.auth.login({});
  await one.clock.advance(minute);
  equal([one.clock.now(), two.clock.now(), two.auth.session, two.server.requests.length], [minute, 0, null, 0]);
  ok(names.every((name, i) => globalThis[name] === before[i]), "the globals there were");
});

test("testing: a platform without MessageChannel will do, as jsdom under Jest, and the test's own timers are not waited for", async () => {
  const { MessageChannel, setTimeout } = globalThis;
  Object.assign(globalThis, { MessageChannel: undefined, setTimeout: () => {} });
  try {
    const { auth, server, clock } = await createTestManager({ lifetime: 60 });
    await auth.login({});
    await clock.advance(minute);
    equal(server.count("refresh"), 1);
  } finally {
    Object.assign(globalThis, { MessageChannel, setTimeout });
  }
});

test("testing: a name that is no endpoint is refused", async () => {
  const { server } = await createTestManager();
  ok(String(await rejection(() => server.answerNext("refreshes", 503))).includes("login, refresh, logout, api"), "the names there are");
});
