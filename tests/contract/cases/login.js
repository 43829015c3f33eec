import { equal, ok, test } from "../lib/harness.js";

const unreachable = "http://127.0.0.1:1/login";

test("the credentials go out as a POST with a JSON body, as they are", async (t) => {
  const world = await t.world();
  const m = await t.manager(world);
  await m.login({ username: "ada", password: "right", otp: 123456, nested: { a: [1, null] } });
  const [request] = await world.requests("login");
  equal(request.method, "POST");
  equal(JSON.parse(request.body), { username: "ada", password: "right", otp: 123456, nested: { a: [1, null] } });
  ok(request.headers["content-type"].startsWith("application/json"), "content-type JSON");
  equal(request.headers.authorization, undefined);
});

test("refused credentials reject with login_rejected, the status and the server's own words", async (t) => {
  const world = await t.world({ refusal: { errors: { password: ["too old"] } } });
  const m = await t.manager(world);
  const error = await t.fails(m.login({ password: "wrong" }), {
    code: "login_rejected", status: 401, retryable: false, body: { errors: { password: ["too old"] } },
  });
  equal(error.name, "TokenError");
  ok(error instanceof Error, "an Error");
  equal(m.session, null);
  equal(m.events, []);
});

test("words that are no JSON are the error's body as text", async (t) => {
  const world = await t.world();
  await world.faults("login", { status: 403, text: "Account locked" }, { status: 422, body: { reason: "format" } });
  const m = await t.manager(world);
  await t.fails(m.login({}), { code: "login_rejected", status: 403, body: "Account locked" });
  await t.fails(m.login({}), { code: "login_rejected", status: 422, body: { reason: "format" } });
});

test("a server that fails rejects with server, and the call may work later", async (t) => {
  const world = await t.world();
  await world.faults("login", { status: 503, body: { sorry: true } }, { status: 429, body: {} }, { status: 404, text: "no such page" });
  const m = await t.manager(world);
  await t.fails(m.login({}), { code: "server", status: 503, retryable: true, body: { sorry: true } });
  await t.fails(m.login({}), { code: "server", status: 429, retryable: true });
  await t.fails(m.login({}), { code: "server", status: 404, retryable: false });
  await m.login({ password: "right" });
  ok(m.session, "a session after all");
});

test("a server out of reach rejects with network, and the call may work later", async (t) => {
  const world = await t.world();
  await t.fails((await t.manager(world, { server: { login: unreachable } })).login({}), { code: "network", retryable: true });
  await world.faults("login", { drop: true });
  await t.fails((await t.manager(world)).login({ password: "right" }), { code: "network", retryable: true });
});

test("a login that takes longer than requestTimeout rejects with timeout", async (t) => {
  const world = await t.world();
  await world.faults("login", { hang: true });
  const m = await t.manager(world, { requestTimeout: 0.3 });
  const start = Date.now();
  await t.fails(m.login({ password: "right" }), { code: "timeout", retryable: true });
  const took = Date.now() - start;
  ok(took >= 290 && took < 5000, `about 300 ms, not ${took}`);
});

test("success without a usable token rejects with bad_response", async (t) => {
  const world = await t.world();
  const answers = [{ body: { ok: true } }, { text: "<html>Welcome" }, { text: "" }, { body: null }, { body: [] }, { body: { access_token: 7 } }, { body: { access_token: "a b\nc" } }, { body: { access_token: "a", refresh_token: "b c" } }];
  await world.faults("login", ...answers.map((answer) => ({ status: 200, ...answer })));
  const m = await t.manager(world);
  for (const _ of answers) await t.fails(m.login({}), { code: "bad_response", retryable: false });
  equal(m.session, null);
});

test("a login replaces the session there was; one that fails leaves it", async (t) => {
  const world = await t.world();
  const m = await t.loggedIn(world);
  const first = m.session;
  await t.fails(m.login({ password: "wrong" }), { code: "login_rejected" });
  ok(m.session === first, "the session to stay");
  await m.login({ password: "right" });
  ok(m.session !== first, "a new session");
  equal(m.events.filter(({ type }) => type === "login").length, 2, "login events");
  const token = await m.token();
  equal((await (await m.fetch(world.url("api"))).json()).headers.authorization, `Bearer ${token}`);
});

test("credentials that are no object, or that JSON cannot hold, are refused before anything is sent", async (t) => {
  const world = await t.world();
  const m = await t.manager(world);
  const circular = {};
  circular.self = circular;
  for (const credentials of [undefined, null, "ada", 7, [1], circular, { a: 1n }]) {
    const error = await t.fails(() => m.login(credentials), { code: "bad_options" });
    ok(error.message.includes("credentials"), error.message);
  }
  equal((await world.requests("login")).length, 0);
});

test("a form's data may be the credentials", async (t) => {
  const world = await t.world();
  const form = new FormData();
  form.set("username", "ada");
  form.set("password", "right");
  await (await t.manager(world)).login(form);
  equal((await world.requests("login")).map(({ body }) => JSON.parse(body)), [{ username: "ada", password: "right" }]);
});

test("who is logged out by a listener gets no session that is none", async (t) => {
  const world = await t.world();
  const m = await t.manager(world);
  for (const [type, call] of [["login", () => m.login({ password: "right" })], ["refresh", () => m.refresh()]]) {
    const stop = m.on(type, () => m.logout());
    await t.fails(call(), { code: "session_ended" });
    stop();
    await m.login({ password: "right" });
  }
});

test("the server's headers go along with login, refresh and logout", async (t) => {
  const world = await t.world();
  const m = await t.loggedIn(world, { server: { headers: { "x-csrf": "1", "x-api-key": "k" } } });
  await m.refresh();
  await m.logout();
  const { log } = await world.heard();
  equal(log.map(({ endpoint, headers }) => [endpoint, headers["x-csrf"], headers["x-api-key"]]), [
    ["login", "1", "k"], ["refresh", "1", "k"], ["logout", "1", "k"],
  ]);
});

test("an accept and a content-type of the caller's own stay", async (t) => {
  const world = await t.world();
  const own = "application/vnd.api+json";
  await t.loggedIn(world, { server: { headers: { accept: own, "content-type": own } } });
  await t.loggedIn(world);
  const sent = (await world.requests("login")).map(({ headers }) => [headers.accept, headers["content-type"]]);
  equal(sent, [[own, own], ["application/json", "application/json"]]);
});

test("an Authorization of the caller's own gives way to the token where one is sent", async (t) => {
  const world = await t.world({ via: "bearer" });
  const own = "Basic eA==";
  const m = await t.loggedIn(world, { server: { refreshVia: "bearer", headers: { authorization: own } } });
  await m.refresh();
  await m.logout();
  const { log, tokens: [, refresh, access] } = await world.heard();
  equal(log.map(({ headers }) => headers.authorization), [own, `Bearer ${refresh}`, `Bearer ${access}`]);
});

test("a logout ends the session at once and then tells the server, with the access token", async (t) => {
  const world = await t.world();
  const m = await t.loggedIn(world);
  const token = await m.token();
  const leaving = m.logout();
  equal(m.session, null);
  equal(m.events.at(-1), { type: "logout", reason: "user", remote: false });
  equal(await leaving, undefined);
  const [request] = await world.requests("logout");
  equal([request.method, request.bearer], ["POST", token]);
  await t.fails(m.token(), { code: "not_logged_in" });
});

test("a logout never rejects for a server's sake", async (t) => {
  const world = await t.world();
  const faults = [{ status: 500 }, { status: 401 }, { drop: true }, { hang: true }];
  await world.faults("logout", ...faults);
  const m = await t.manager(world, { requestTimeout: 2 });
  for (const _ of faults) {
    await m.login({ password: "right" });
    equal(await m.logout(), undefined);
  }
  await m.logout();
  equal((await world.requests("logout")).length, faults.length, "logouts that were told: the last was nobody's");
  const nowhere = await t.loggedIn(world, { server: { logout: "http://127.0.0.1:1/" } });
  equal(await nowhere.logout(), undefined);
  const none = await t.loggedIn(world, { server: { logout: undefined } });
  equal(await none.logout(), undefined);
});

test("a login waits for no logout before it where there is no cookie", async (t) => {
  const world = await t.world();
  const m = await t.loggedIn(world);
  await world.faults("logout", { hang: true });
  let over = false;
  m.logout().then(() => (over = true));
  await m.login({ password: "right" });
  equal(over, false, "that the logout was answered");
});

test("a logout while a login is on its way wins", async (t) => {
  const world = await t.world();
  await world.faults("login", { delay: 300 });
  const m = await t.manager(world);
  const login = t.fails(m.login({ password: "right" }), { code: "session_ended" });
  await m.logout();
  await login;
  equal(m.session, null);
});
