import { equal, ok, test, until } from "../lib/harness.js";

test("on() and subscribe() return the function that stops them", async (t) => {
  const m = await t.manager(await t.world());
  const calls = [];
  const stops = [m.on("login", () => calls.push("on")), m.subscribe(() => calls.push("subscribe"))];
  await m.login({ password: "right" });
  equal(calls.sort(), ["on", "subscribe"]);
  for (const stop of stops) stop();
  for (const stop of stops) stop();
  await m.login({ password: "right" });
  equal(calls.length, 2, "calls after stopping");
});

test("who was stopped by a listener before it is not called any more, nor is anybody after a close()", async (t) => {
  const world = await t.world();
  for (const end of ["stop", "close"]) {
    const m = await t.manager(world);
    const calls = [];
    m.on("login", () => (calls.push("first"), end === "stop" ? stop() : m.close()));
    const stop = m.on("login", () => calls.push("second"));
    await m.login({ password: "right" }).catch(() => {});
    equal(calls, ["first"], `calls with ${end}`);
  }
});

test("the same listener may be added twice, and each is stopped on its own", async (t) => {
  const m = await t.manager(await t.world());
  let calls = 0;
  const listener = () => calls++;
  const stop = m.subscribe(listener);
  m.subscribe(listener);
  await m.login({ password: "right" });
  equal(calls, 2);
  stop();
  await m.logout();
  equal(calls, 3);
});

test("subscribe() calls back on every change of session, with it changed, and on nothing else", async (t) => {
  const world = await t.world();
  const m = await t.manager(world);
  const seen = [];
  m.subscribe(() => seen.push(m.session));
  const sessions = [await m.login({ password: "right" }), await m.refresh()];
  await world.faults("api", { status: 403, headers: { "www-authenticate": 'Bearer error="insufficient_scope", scope="admin"' } });
  await m.fetch(world.url("api"));
  await m.logout();
  equal(seen.length, 3, "calls");
  ok(seen[0] === sessions[0] && seen[1] === sessions[1] && seen[2] === null, "the session of each moment");
});

test("a listener that throws is reported, and keeps neither the others nor the call from going on", async (t) => {
  const m = await t.manager(await t.world());
  const thrown = new Error("a listener's own");
  const reported = [];
  const consoleError = console.error;
  console.error = (...all) => reported.push(...all);
  globalThis.addEventListener?.("error", (event) => {
    event.preventDefault();
    reported.push(event.error);
  });
  try {
    let others = 0;
    m.on("login", () => { throw thrown; });
    m.on("login", () => others++);
    m.subscribe(() => { throw thrown; });
    m.subscribe(() => others++);
    await m.login({ password: "right" });
    equal(others, 2);
    ok(m.session, "a session");
  } finally {
    console.error = consoleError;
  }
  equal(reported.filter((each) => each === thrown).length, 2, "reports");
});

test("a listener may call the manager", async (t) => {
  const world = await t.world();
  const m = await t.manager(world);
  const heard = [];
  m.on("login", async () => heard.push(typeof (await m.token())));
  let leaving;
  m.on("refresh", () => (leaving = m.logout()));
  m.on("logout", ({ reason }) => heard.push(reason));
  await m.login({ password: "right" });
  await until(() => heard.length === 1, "the token");
  await m.refresh().catch(() => {});
  await leaving;
  equal(heard, ["string", "user"]);
  equal(m.session, null);
});

test("an event that does not exist and a listener that is none are refused", async (t) => {
  const m = await t.manager(await t.world());
  for (const [type, listener] of [["logon", () => {}], ["", () => {}], [undefined, () => {}], ["login", undefined], ["login", {}]]) {
    await t.fails(() => m.on(type, listener), { code: "bad_options" });
  }
  await t.fails(() => m.subscribe(), { code: "bad_options" });
});

test("a 403 with insufficient_scope warns, naming the scope, and is the caller's", async (t) => {
  const world = await t.world();
  const m = await t.loggedIn(world);
  await world.faults("api", { status: 403, headers: { "www-authenticate": 'Bearer error="insufficient_scope", scope="admin"' }, body: { no: 1 } });
  const response = await m.fetch(world.url("api"));
  equal([response.status, await response.json()], [403, { no: 1 }]);
  equal(m.events.filter(({ code }) => code === "insufficient_scope").map(({ scope }) => scope), ["admin"]);
  equal((await world.requests("refresh")).length, 0);
});

test("a 401 that wants a stronger login warns with what it wants, and neither refreshes nor repeats", async (t) => {
  const world = await t.world();
  const m = await t.loggedIn(world);
  await world.faults("api", { status: 401, headers: { "www-authenticate": 'Bearer error="insufficient_user_authentication", acr_values="gold", max_age=60' } });
  equal((await m.fetch(world.url("api"))).status, 401);
  const warning = m.events.at(-1);
  equal([warning.code, warning.acrValues, warning.maxAge], ["step_up_required", "gold", 60]);
  equal([(await world.requests("refresh")).length, (await world.requests("api")).length], [0, 1]);
});

test("explain() tells what happened, when and why", async (t) => {
  const world = await t.world();
  const m = await t.loggedIn(world);
  await m.refresh();
  await world.faults("refresh", { status: 401 });
  await m.refresh().catch(() => {});
  const entries = m.explain();
  const whats = entries.map(({ what }) => what);
  ok(["login", "refresh", "refused", "logout"].every((what) => whats.includes(what)), whats.join());
  const end = entries.find(({ what }) => what === "logout");
  equal(end.why, "refresh_rejected");
  ok(entries.every(({ at }, i) => typeof at === "number" && at >= (entries[i - 1]?.at ?? 0) && at <= Date.now()), "times in order");
  ok(m.explain() !== entries, "a copy of its own");
});

test("close() may be called twice, and what is called after it says closed", async (t) => {
  const world = await t.world();
  const m = await t.loggedIn(world);
  m.close();
  m.close();
  equal(m.session, null);
  for (const call of [() => m.login({}), () => m.logout(), () => m.token(), () => m.refresh(), () => m.fetch(world.url("api"))]) {
    const promise = call();
    ok(promise instanceof Promise, "a promise");
    await t.fails(promise, { code: "closed", retryable: false });
  }
  const stop = m.on("login", () => {});
  stop();
  m.subscribe(() => {})();
  ok(Array.isArray(m.explain()), "explain() to work still");
});

test("close() answers those who wait, and no event comes after it", async (t) => {
  const world = await t.world();
  await world.faults("login", { delay: 300 });
  const m = await t.manager(world);
  const waiting = t.fails(m.login({ password: "right" }), { code: "closed" });
  m.close();
  await waiting;
  await until(async () => (await world.requests("login")).length === 1, "the request");
  await new Promise((resolve) => setTimeout(resolve, 400));
  equal(m.events, []);
});

test("Symbol.dispose closes", async (t) => {
  if (!Symbol.dispose) return;
  const m = await t.loggedIn(await t.world());
  m[Symbol.dispose]();
  await t.fails(m.token(), { code: "closed" });
});

test("close() stops the timers and leaves the stored session", async (t) => {
  const world = await t.world({ lifetime: 2 });
  const storage = new Map();
  const store = { get: (key) => storage.get(key) ?? null, set: (key, value) => void storage.set(key, value), remove: (key) => void storage.delete(key) };
  const m = await t.loggedIn(world, { storage: store });
  m.close();
  await new Promise((resolve) => setTimeout(resolve, 2000));
  equal((await world.requests("refresh")).length, 0);
  equal(storage.size, 1, "sessions in the store");
});
