import { equal, ok, sleep, test, until } from "../lib/harness.js";

test("token() gives an access token that is good now", async (t) => {
  const world = await t.world();
  const m = await t.loggedIn(world);
  const { tokens } = await world.heard();
  ok(tokens.includes(await m.token()), "one of the server's tokens");
  equal((await world.requests("refresh")).length, 0);
});

test("token() and refresh() reject with not_logged_in when nobody is", async (t) => {
  const m = await t.manager(await t.world());
  await t.fails(m.token(), { code: "not_logged_in", retryable: false });
  await t.fails(m.refresh(), { code: "not_logged_in", retryable: false });
});

test("token() refreshes first when the token is stale", async (t) => {
  const world = await t.world({ lifetime: 2 });
  const m = await t.loggedIn(world, { autoRefresh: false });
  const first = await m.token();
  await until(() => Date.now() > m.session.expiresAt - 450, "the last quarter of its life");
  ok((await m.token()) !== first, "a newer token");
  equal((await world.requests("refresh")).length, 1);
});

test("refresh() gets a new token, whatever the age of the old one", async (t) => {
  const world = await t.world();
  const m = await t.loggedIn(world);
  const first = await m.token();
  await m.refresh();
  ok((await m.token()) !== first, "a new token");
});

test("concurrent calls of refresh() share one", async (t) => {
  const world = await t.world();
  await world.faults("refresh", { delay: 200 });
  const m = await t.loggedIn(world);
  const sessions = await Promise.all(Array.from({ length: 50 }, () => m.refresh()));
  equal((await world.requests("refresh")).length, 1);
  ok(sessions.every((session) => session === m.session), "the same session for all");
  equal(m.events.filter(({ type }) => type === "refresh").length, 1);
});

test("a refresh answer without a refresh token keeps the old one; with one, replaces it", async (t) => {
  const world = await t.world({ renewed: { access_token: "$access", expires_in: "$lifetime" }, rotate: false });
  const m = await t.loggedIn(world);
  await m.refresh();
  await world.control({ set: { renewed: null, rotate: true } });
  await m.refresh();
  await m.refresh();
  const sent = (await world.requests("refresh")).map(({ body }) => JSON.parse(body).refresh_token);
  equal(sent[0], sent[1], "the refresh token sent after an answer without one");
  ok(sent[2] !== sent[1], "the successor to be sent after an answer with one");
});

for (const status of [400, 401, 403]) {
  test(`a refresh refused with ${status} ends the session`, async (t) => {
    const world = await t.world();
    const m = await t.loggedIn(world);
    await world.faults("refresh", { status, body: { detail: "revoked" } });
    const error = await t.fails(m.refresh(), { code: "session_ended", retryable: false, status });
    equal(error.body, { detail: "revoked" }, "the server's own words");
    equal(m.session, null);
    equal(m.events.at(-1), { type: "logout", reason: "refresh_rejected", remote: false });
  });
}

for (const fault of [{ status: 500 }, { status: 503 }, { status: 429 }, { status: 404 }, { status: 403, headers: { "content-type": "text/html" }, text: "<html>" }, { status: 403, headers: { "content-type": "Text/HTML; charset=utf-8" }, text: "<html>" }, { status: 403, headers: { "content-type": "application/xhtml+xml" }, text: "<html>" }, { status: 200, text: "<html>portal" }, { drop: true }, { hang: true }]) {
  test(`a refresh that meets ${JSON.stringify(fault)} leaves the session, and says when it may be tried again`, async (t) => {
    const world = await t.world();
    const m = await t.loggedIn(world, { requestTimeout: 2 });
    const token = await m.token();
    await world.faults("refresh", fault);
    const code = fault.drop ? "network" : fault.hang ? "timeout" : fault.status === 200 ? "bad_response" : "server";
    await t.fails(m.refresh(), { code, retryable: code === "bad_response" || fault.status === 403 || fault.status === 404 ? false : true });
    ok(m.session, "the session");
    const warning = m.events.at(-1);
    equal([warning.type, warning.code], ["warning", "refresh_failed"]);
    ok(warning.retryInMs > 0 && warning.retryInMs < 10_000, `a wait of seconds: ${warning.retryInMs}`);
    equal(m.explain().filter(({ what }) => what === "refresh_failed").map(({ why }) => why), [code], "lines of explain()");
    equal(await m.token(), token, "the living token");
    equal((await m.fetch(world.url("api"))).status, 200);
  });
}

test("Retry-After is honoured", async (t) => {
  const world = await t.world();
  const m = await t.loggedIn(world);
  await world.faults("refresh", { status: 429, headers: { "retry-after": "3" } });
  await t.fails(m.refresh(), { code: "server", status: 429, retryable: true });
  ok(m.events.at(-1).retryInMs >= 3000, "at least three seconds");
  await t.fails(m.refresh(), { code: "server" });
  equal((await world.requests("refresh")).length, 1, "refreshes before the time is over");
});

test("without a refresh endpoint, refresh() rejects with session_ended, and an expired session ends", async (t) => {
  const world = await t.world({ lifetime: 1 });
  const m = await t.loggedIn(world, { server: { refresh: undefined } });
  await t.fails(m.refresh(), { code: "session_ended" });
  await until(() => m.session === null, "the end of the session", 3000);
  equal(m.events.at(-1), { type: "logout", reason: "expired", remote: false });
  await t.fails(m.token(), { code: "not_logged_in" });
});

test("autoRefresh renews ahead of expiry while nobody asks; false leaves it to use", async (t) => {
  const [busy, idle] = [await t.world({ lifetime: 3 }), await t.world({ lifetime: 3 })];
  const m = await t.loggedIn(busy);
  const lazy = await t.loggedIn(idle, { autoRefresh: false });
  await until(() => m.events.some(({ type }) => type === "refresh"), "a refresh by itself", 3000);
  await until(() => Date.now() > lazy.session.expiresAt + 100, "the expiry");
  equal((await idle.requests("refresh")).length, 0, "refreshes without use");
  ok(lazy.session, "the session to stay, since it can be refreshed");
  equal((await lazy.fetch(idle.url("api"))).status, 200);
  equal((await idle.requests("refresh")).length, 1, "refreshes by use");
});

test("refreshMargin says how long before expiry a token is stale, up to a quarter of its life", async (t) => {
  const world = await t.world({ lifetime: 4 });
  const [short, long] = [await t.loggedIn(world, { autoRefresh: false, refreshMargin: 0.2 }), await t.loggedIn(world, { autoRefresh: false, refreshMargin: 3600 })];
  const tokens = [await short.token(), await long.token()];
  await sleep(1000);
  equal(await long.token(), tokens[1], "a margin of an hour, cut to a quarter");
  await until(() => Date.now() > long.session.expiresAt - 900, "the last second");
  const later = await Promise.all([short.token(), long.token()]);
  equal(later[0], tokens[0], "the token with a shorter margin");
  ok(later[1] !== tokens[1], "stale in the last quarter");
});

test("a fresh token is given at once, though a refresh hangs", async (t) => {
  const world = await t.world();
  const m = await t.loggedIn(world);
  const first = await m.token();
  await world.faults("refresh", { hang: true });
  m.refresh().catch(() => {});
  await until(async () => (await world.requests("refresh")).length === 1, "the refresh");
  equal(await m.token(), first);
});
