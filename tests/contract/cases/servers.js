// JSON servers that are not ours: each answers in its own way, and needs no more than it is given here.
import { equal, near, ok, rejection, sleep, test, until } from "../lib/harness.js";

const shapes = {
  "Django SimpleJWT": {
    world: { login: { access: "$access", refresh: "$refresh" }, renewed: { access: "$access" }, rotate: false, refreshName: "refresh" },
  },
  "Spring": {
    world: { login: { accessToken: "$access", refreshToken: "$refresh", expiresIn: "$lifetimeText" }, opaque: true, refreshName: "refreshToken" },
  },
  "Laravel": {
    world: { login: { access_token: "$access", token_type: "bearer", expires_in: "$lifetime" }, opaque: true, via: "none" },
    server: { refresh: undefined },
  },
  "a bare token as a JSON string": { world: { login: "$access", via: "none" }, server: { refresh: undefined } },
  "a bare token as text": { world: { login: "$access", text: true, via: "none" }, server: { refresh: undefined } },
  "tokens under data": { world: { login: { data: { access_token: "$access", refresh_token: "$refresh", expires_in: "$lifetime" }, ok: true } } },
  "tokens under result": { world: { login: { result: { token: "$access", refreshToken: "$refresh" } }, refreshName: "refreshToken" } },
  "tokens under tokens": { world: { login: { user: { id: 1 }, tokens: { access: "$access", refresh: "$refresh" } }, refreshName: "refresh" } },
  "a token called jwt": { world: { login: { jwt: "$access", refresh: "$refresh" }, refreshName: "refresh" } },
  "a token called id_token": { world: { login: { id_token: "$access", refreshToken: "$refresh" }, refreshName: "refreshToken" } },
  "fields mapped by name": {
    world: { login: { at: "$access", rt: "$refresh", ttl: "$lifetime", access_token: "a-decoy" }, opaque: true, refreshName: "rt" },
    server: { fields: { accessToken: "at", refreshToken: "rt", expiresIn: "ttl" } },
  },
  "fields mapped by name, with a refresh token that is kept": {
    world: { login: { at: "$access", rt: "$refresh" }, renewed: { at: "$access" }, rotate: false, refreshName: "rt" },
    server: { fields: { accessToken: "at", refreshToken: "rt" } },
  },
  "fields mapped by RFC 6901 pointers": {
    world: { login: { payload: { "a/b/": { "~t~1": "$access" }, more: { r: "$refresh" }, life: { s: "$lifetime" } } }, opaque: true, refreshName: "r" },
    server: { fields: { accessToken: "/payload/a~1b~1/~0t~01", refreshToken: "/payload/more/r", expiresIn: "/payload/life/s" } },
  },
  "an empty refresh token": { world: { login: { access_token: "$access", refresh_token: "" }, via: "none" }, server: { refresh: undefined } },
  "a token type of its own": { world: { login: { token_type: "JWT", access_token: "$access", refresh_token: "$refresh" } } },
  "a refresh token as bearer": { world: { via: "bearer" }, server: { refreshVia: "bearer" } },
};

for (const [what, { world: description, server }] of Object.entries(shapes)) {
  test(`a server of this shape works: ${what}`, async (t) => {
    const world = await t.world(description);
    const m = await t.loggedIn(world, { server });
    near(m.session.expiresAt, Date.now() + 300_000);
    equal((await m.fetch(world.url("api"))).status, 200);
    if (description.via !== "none") {
      await m.refresh();
      await world.expire();
      equal((await m.fetch(world.url("api"))).status, 200);
      const refreshes = await world.requests("refresh");
      equal(refreshes.length, 2);
      if (server?.refreshVia === "bearer") ok(refreshes.every(({ body, bearer }) => body === "" && bearer), "a bearer and no body");
      else ok(refreshes.every(({ body, bearer }) => Object.keys(JSON.parse(body)).join() === (description.refreshName ?? "refresh_token") && !bearer), "the token under its own name, alone");
    }
    await m.logout();
    const logouts = await world.requests("logout");
    const told = description.via ? "nothing" : (description.refreshName ?? "refresh_token");
    equal(logouts.map(({ body }) => (body ? Object.keys(JSON.parse(body)).join() : "nothing")), [told], "what the body of a logout tells");
  });
}

test("refresh tokens' lifetimes are found by a pointer, too", async (t) => {
  const world = await t.world({ login: { access_token: "$access", refresh_token: "$refresh", meta: { left: 900 } } });
  const m = await t.loggedIn(world, { server: { fields: { refreshExpiresIn: "/meta/left" } } });
  near(m.session.refreshExpiresAt, Date.now() + 900_000);
});

test("names at the top come before those further inside, and the first of the usual names wins", async (t) => {
  const world = await t.world({ login: { token: "$access", id_token: "decoy", data: { access_token: "decoy" }, refresh_token: "$refresh" } });
  const m = await t.loggedIn(world);
  equal((await m.fetch(world.url("api"))).status, 200);
});

test("a refresh token in an HttpOnly cookie is never seen, and refreshes all the same", "page", async (t) => {
  const world = await t.world({ login: { access_token: "$access", expires_in: "$lifetime" }, via: "cookie" });
  const m = await t.loggedIn(world, { server: { refreshVia: "cookie" } });
  const first = await m.token();
  await m.refresh();
  ok((await m.token()) !== first, "a new token");
  equal(document.cookie, "");
  const refreshes = await world.requests("refresh");
  ok(refreshes.length >= 1 && refreshes.every(({ body, bearer }) => body === "" && !bearer), "nothing but the cookie");
});

for (const [who, rename] of [["a manager without a stored session", (name) => name], ["a manager that nobody ever logged in with", () => crypto.randomUUID()]]) {
  test(`in cookie mode, ${who} finds the session of the cookie`, "page", async (t) => {
    const world = await t.world({ login: { access_token: "$access", expires_in: "$lifetime" }, via: "cookie" });
    const name = crypto.randomUUID();
    const m = await t.loggedIn(world, { server: { refreshVia: "cookie" }, name });
    m.close();
    const again = await t.manager(world, { server: { refreshVia: "cookie" }, name: rename(name) });
    ok(again.session, "a session");
    equal((await again.fetch(world.url("api"))).status, 200);
  });
}

test("a cookie that somebody else has by now serves no request made before, and its session takes the place of the old one", "page", async (t) => {
  const world = await t.world({ login: { access_token: "$access", expires_in: "$lifetime" }, via: "cookie", claims: { sub: "ada" } });
  const m = await t.loggedIn(world, { server: { refreshVia: "cookie" } });
  await world.control({ set: { claims: { sub: "bob" } }, expire: true });
  await fetch(world.url("login"), { method: "POST", credentials: "include", body: JSON.stringify({ password: "right" }) }); // in another app
  const answers = await Promise.all([1, 2].map(() => m.fetch(world.url("api"), { method: "POST", body: "ada's form" })));
  equal(answers.map(({ status }) => status), [401, 401], "answers to what ada sent");
  equal((await world.requests("api")).length, 2, "how often that was sent");
  equal(m.session.claims.sub, "bob", "who is logged in");
  equal(m.events.map(({ type, remote }) => [type, remote]), [["login", false], ["login", false]], "events");
  equal((await world.requests("refresh")).length, 2, "refreshes, one of them as the manager opened");
  equal((await m.fetch(world.url("api"))).status, 200);
  await m.refresh();
  equal(m.events.at(-1).type, "refresh", "of one's own session");
  await world.control({ set: { opaque: true } });
  await m.refresh();
  equal(m.events.at(-1).type, "refresh", "of a session whose next token tells nothing");
});

const cookies = { login: { access_token: "$access", expires_in: "$lifetime" }, via: "cookie" };
const byCookie = { server: { refreshVia: "cookie" } };
const takesTheCookie = (world, delay) => ({ status: 204, delay, headers: { "set-cookie": `refresh-${world.url("").split("/").at(-2)}=; Max-Age=0; Path=/` } });
const calls = async (world) => (await world.heard()).log.map(({ endpoint }) => endpoint).slice(2); // after the first login

test("a login waits for the logouts before it, whose late answers would take the new cookie along", "page", async (t) => {
  const world = await t.world(cookies, t.servers.page); // elsewhere the first, which has a preflight, would arrive as the second
  const m = await t.loggedIn(world, byCookie);
  await world.faults("logout", takesTheCookie(world, 500), takesTheCookie(world, 0));
  const logouts = Promise.all([m.logout(), m.logout()]);
  await m.login({ username: "ada", password: "right" });
  await logouts;
  equal(await calls(world), ["logout", "logout", "login"]);
  await m.refresh(); // by the cookie of the second login
});

test("a login that waits for a logout is sent with the headers of then, and as it was given", "page", async (t) => {
  const world = await t.world(cookies);
  let csrf = "old";
  const m = await t.loggedIn(world, { server: { refreshVia: "cookie", headers: () => ({ "x-csrf": csrf }) } });
  await world.faults("logout", takesTheCookie(world, 300));
  const logout = m.logout();
  const credentials = { username: "ada", password: "right" };
  const login = m.login(credentials);
  credentials.password = "";
  await until(async () => (await world.requests("logout")).length > 0, "the logout");
  csrf = "new";
  await Promise.all([logout, login]);
  equal((await world.requests("login")).map(({ headers }) => headers["x-csrf"]), ["old", "new"]);
});

for (const [what, end, code] of [["close()", (m) => m.close(), "closed"], ["another logout()", (m) => void m.logout(), "session_ended"]]) {
  test(`a login that waits for a logout is not sent any more after ${what}`, "page", async (t) => {
    const world = await t.world(cookies);
    const m = await t.loggedIn(world, byCookie);
    await world.faults("logout", takesTheCookie(world, 300));
    const logout = m.logout().catch(() => {});
    const login = t.fails(m.login({ username: "ada", password: "right" }), { code });
    end(m);
    await Promise.all([logout, login]);
    await until(async () => (await calls(world)).length >= (code === "closed" ? 1 : 2), "the logouts");
    await sleep(400); // longer than the logout that was waited for takes
    equal((await calls(world)).includes("login"), false);
  });
}

test("a cookie that somebody else has serves nobody who waits in another tab when the one that refreshes is closed", "page", async (t) => {
  const world = await t.world({ ...cookies, claims: { sub: "ada" } });
  const options = { ...byCookie, name: crypto.randomUUID(), storage: "local" };
  const one = await t.loggedIn(world, options);
  const two = await t.manager(world, options);
  await world.control({ set: { claims: { sub: "bob" } }, expire: true });
  await fetch(world.url("login"), { method: "POST", credentials: "include", body: JSON.stringify({ password: "right" }) });
  await world.faults("refresh", { delay: 300 });
  one.refresh().catch(() => {});
  await until(async () => (await world.requests("refresh")).length > 1, "the refresh");
  one.close();
  equal((await two.fetch(world.url("api"), { method: "POST", body: "ada's form" })).status, 401);
  equal([two.session.claims.sub, (await world.requests("api")).length], ["bob", 1]);
});

for (const [kind, make, [login, refresh, logout]] of [["JSON", "manager", ["login", "refresh", "logout"]], ["OAuth", "oauth", ["token", "token", "revoke"]]]) {
  test(`headers from a function are asked for anew for each call to the ${kind} server`, async (t) => {
    const world = await t.world(kind === "JSON" ? {} : { via: "form" });
    let asked = 0;
    const headers = () => ({ "X-XSRF-Token": `n${++asked}` });
    const server = kind === "JSON" ? { headers } : { headers, revocation: world.url("revoke"), legacyPasswordGrant: true };
    const m = await t[make](world, { server });
    equal(asked, 0, "how often it was asked by then");
    await m.login({ username: "ada", password: "right" });
    await m.refresh();
    await m.fetch(world.url("api"));
    await m.refresh();
    await m.logout();
    const sent = (await world.heard()).log.filter(({ endpoint }) => endpoint !== "control").map(({ endpoint, headers }) => `${endpoint} ${headers["x-xsrf-token"]}`);
    equal(sent, [`${login} n1`, `${refresh} n2`, "api undefined", `${refresh} n3`, `${logout} n4`]);
  });
}

test("what a function for headers throws is its caller's at a login, and elsewhere reported and no refusal", async (t) => {
  const reported = [];
  const { reportError } = globalThis;
  globalThis.reportError = (error) => reported.push(error);
  try {
    const world = await t.world();
    const wrong = new Error("no CSRF token");
    let headers = () => ({});
    const m = await t.loggedIn(world, { server: { headers: () => headers() } });

    headers = () => { throw wrong; };
    ok((await rejection(m.login({ username: "ada", password: "right" }))) === wrong, "the function's own error");
    equal(reported.length, 0, "reports of a login");
    equal(m.explain().slice(-1).map(({ what, why }) => [what, why]), [["login_failed", "network"]]);
    await t.fails(m.refresh(), { code: "network", retryable: true });
    ok(reported.length === 1 && reported[0] === wrong, "one report of the refresh");
    equal((await m.fetch(world.url("api"))).status, 200, "a call");

    headers = async () => ({});
    await t.fails(m.login({ username: "ada", password: "right" }), { code: "bad_options" });
    headers = () => ({ "no good": "1" });
    await t.fails(m.login({ username: "ada", password: "right" }), { code: "bad_options" });

    await m.logout();
    equal(m.session, null);
    ok(/server\.headers/.test(reported.at(-1).message), "a report of the logout");
    equal((await world.requests("refresh")).length + (await world.requests("logout")).length, 0, "calls that lacked their headers");
  } finally {
    globalThis.reportError = reportError;
  }
});
