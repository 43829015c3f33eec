import { equal, ok, test } from "../lib/harness.js";

const server = { kind: "json", login: "https://api.example.com/login" };
const oauth = { kind: "oauth", token: "https://api.example.com/token" };
const of = (more) => ({ server: { ...server, ...more } });

// Each with the path that the message has to name.
const bad = [
  [undefined, "options"], [null, "options"], ["https://api.example.com", "options"],
  [{}, "server"], [{ server: null }, "server"], [{ server: "https://api.example.com" }, "server"],
  [{ server: {} }, "server.kind"], [of({ kind: "soap" }), "server.kind"], [of({ kind: 7 }), "server.kind"],
  [of({ login: undefined }), "server.login"], [of({ login: "" }), "server.login"], [of({ refresh: "" }), "server.refresh"], [of({ login: 7 }), "server.login"], [of({ login: "http://[" }), "server.login"],
  [of({ login: "https://u:p@api.example.com/login" }), "server.login"], [of({ refresh: "https://u@api.example.com/refresh" }), "server.refresh"], [of({ logout: "https://:p@api.example.com/logout" }), "server.logout"],
  [of({ login: "http://api.example.com/login" }), "server.login"], [of({ login: "javascript:alert(1)" }), "server.login"],
  [of({ refresh: "ftp://api.example.com" }), "server.refresh"], [of({ refresh: "ftp://localhost" }), "server.refresh"], [of({ refresh: "ws://127.0.0.1" }), "server.refresh"],
  [of({ login: "https://*.example.com/login" }), "server.login"], [of({ login: "http://localhost.example.com/login" }), "server.login"], [of({ logout: {} }), "server.logout"],
  [of({ refreshVia: "header" }), "server.refreshVia"], [of({ refreshVia: true }), "server.refreshVia"], [of({ refreshVia: "" }), "server.refreshVia"],
  [of({ refreshVia: "cookie" }), "server.refresh"],
  [of({ fields: "access" }), "server.fields"], [of({ fields: { accessToken: 7 } }), "server.fields.accessToken"],
  [of({ fields: { accessToken: "" } }), "server.fields.accessToken"], [of({ fields: { refreshToken: "/a~2" } }), "server.fields.refreshToken"], [of({ fields: { refreshToken: "/a~" } }), "server.fields.refreshToken"],
  [of({ fields: { expiresIn: [] } }), "server.fields.expiresIn"], [of({ fields: { refreshExpiresIn: {} } }), "server.fields.refreshExpiresIn"],
  [of({ headers: "x" }), "server.headers"], [of({ headers: { "no good": "1" } }), "server.headers"], [of({ headers: { "x-a": "a\nb" } }), "server.headers"],
  [of({ headers: Promise.resolve({}) }), "server.headers"],
  [{ server: { kind: "oauth" } }, "server.token"], [{ server: { ...server, kind: "oauth" } }, "server.token"], [{ server: { ...oauth, kind: "json" } }, "server.login"], [{ server: { ...oauth, token: "http://a.example/" } }, "server.token"],
  [{ server: { ...oauth, clientId: 7 } }, "server.clientId"], [{ server: { ...oauth, scope: ["a"] } }, "server.scope"],
  [{ server: { ...oauth, revocation: 7 } }, "server.revocation"], [{ server: { ...oauth, legacyPasswordGrant: "yes" } }, "server.legacyPasswordGrant"],
  [{ server: { ...oauth, headers: 7 } }, "server.headers"],
  [{ server, resources: "https://api.example.com" }, "resources"], [{ server, resources: {} }, "resources"],
  [{ server, resources: ["https://a.example", 7] }, "resources[1]"], [{ server, resources: ["http://a.example"] }, "resources[0]"],
  [{ server, resources: ["a.example"] }, "resources[0]"], [{ server, resources: ["localhost:8080"] }, "resources[0]"], [{ server, resources: [""] }, "resources[0]"],
  [{ server, resources: ["*"] }, "resources[0]"], [{ server, resources: ["https://a.example/v1/*"] }, "resources[0]"], [{ server, resources: [null] }, "resources[0]"],
  [{ server, resources: ["https://*.a.example"] }, "resources[0]"], [{ server, resources: ["https://%2A.a.example"] }, "resources[0]"], [{ server, resources: ["https://a.example/?q"] }, "resources[0]"],
  [{ server, resources: ["https://a.example/#x"] }, "resources[0]"], [{ server, resources: ["https://u:p@a.example"] }, "resources[0]"], [{ server, resources: ["https://u@a.example"] }, "resources[0]"], [{ server, resources: ["https://:p@a.example"] }, "resources[0]"], [{ server, resources: ["a.example/v1/"] }, "resources[0]"],
  [{ server, resources: ["data:text/plain,x"] }, "resources[0]"], [{ server, resources: ["https://a.example/a%2fb"] }, "resources[0]"],
  [{ server, storage: "cookie" }, "storage"], [{ server, storage: {} }, "storage"], [{ server, storage: { get() {}, set() {} } }, "storage"], [{ server, storage: 7 }, "storage"],
  [{ server, name: "" }, "name"], [{ server, name: 7 }, "name"],
  [{ server, refreshMargin: "60" }, "refreshMargin"], [{ server, refreshMargin: -1 }, "refreshMargin"], [{ server, refreshMargin: NaN }, "refreshMargin"], [{ server, refreshMargin: Infinity }, "refreshMargin"],
  [{ server, autoRefresh: "no" }, "autoRefresh"], [{ server, autoRefresh: 0 }, "autoRefresh"],
  [{ server, requestTimeout: 0 }, "requestTimeout"], [{ server, requestTimeout: -5 }, "requestTimeout"], [{ server, requestTimeout: "15" }, "requestTimeout"],
];

const shown = (options) => JSON.stringify(options, (_, value) => (typeof value === "number" ? String(value) : typeof value === "function" ? "…" : value)) ?? String(options);

for (const [i, [options, path]] of bad.entries()) {
  test(`${path} is named as a bad option in case ${i + 1}: ${shown(options)}`, async (t) => {
    const promise = t.tk.createTokenManager(options);
    ok(promise instanceof Promise, "a promise, not a throw");
    const error = await t.fails(promise, { code: "bad_options", retryable: false });
    const named = error.message.match(/[\w.]+(\[\d+\])?/g);
    ok(named.includes(path), `"${path}" in: ${error.message}`);
    ok(error.message.length > path.length + 10, "what is wrong with it");
  });
}

test("sound options of every kind are taken", async (t) => {
  for (const options of [
    of({ refresh: "https://api.example.com/r", logout: "https://api.example.com/l", refreshVia: "bearer", fields: {}, headers: {} }),
    of({ fields: { accessToken: "a.b", refreshToken: "/x/y" }, headers: new Headers({ a: "b" }) }),
    of({ login: "http://localhost:8080/login" }), of({ login: "http://[::1]/login" }), of({ login: "http://app.localhost/login" }),
    { server: oauth, resources: ["https://a.example", "https://a.example/v1/", "http://127.0.0.1:9"] },
    { server, refreshMargin: 0, autoRefresh: false, requestTimeout: 0.1, name: "ü", storage: "memory" },
    { server, resources: undefined, storage: undefined, name: undefined, refreshMargin: undefined },
    { server: oauth, resources: ["HTTPS://A.example"] }, { server: { ...oauth, clientId: "", scope: "" } },
    { server: { ...oauth, login: 7, refresh: 7, logout: 7, refreshVia: 7, fields: 7 } }, of({ token: 7, revocation: 7 }), // the other kind's
  ]) ok(t.watch(await t.tk.createTokenManager({ storage: "memory", ...options })).fetch, "a manager");
});

test("null is no option", async (t) => {
  const world = await t.world();
  const nothing = (...names) => Object.fromEntries(names.map((name) => [name, null]));
  const m = await t.manager(world, { server: nothing("refresh", "logout", "refreshVia", "fields", "headers"), ...nothing("storage", "name", "refreshMargin", "autoRefresh", "requestTimeout") });
  await m.login({ password: "right" });
  equal((await m.fetch(world.url("api"))).status, 200);
  equal(typeof localStorage === "object" ? localStorage.getItem("tokenkeeper") !== null : m.events.some(({ code }) => code === "storage_unavailable"), true, "that the storage is the default");
  await m.logout();
  const headers = [() => null, () => undefined];
  for (const header of headers) await t.loggedIn(world, { server: { headers: header, fields: nothing("accessToken") } });
  const oauth = nothing("clientId", "scope", "revocation", "legacyPasswordGrant", "headers");
  ok(await t.oauth(world, { server: oauth, resources: null }), "a manager");
});

test("a requestTimeout longer than any timer is no short one", async (t) => {
  const world = await t.world();
  await world.faults("login", { delay: 50 });
  ok(await t.loggedIn(world, { requestTimeout: 1e300 }), "a login");
});

test("relative addresses are the page's", "page", async (t) => {
  const world = await t.world({}, t.servers.page);
  const m = await t.manager(world, { server: { login: `/w/${world.id}/login` }, resources: ["/w/"] });
  await m.login({ password: "right" });
  equal((await m.fetch(world.url("api"))).status, 200);
});

test("what a relative address is relative to is settled when the manager is made", "page", async (t) => {
  const world = await t.world({}, t.servers.page);
  const { href } = location;
  const m = await t.manager(world, { server: { login: `../w/${world.id}/login` } });
  history.replaceState(null, "", "/a/route/of/the/app/");
  try {
    await m.login({ password: "right" });
  } finally {
    history.replaceState(null, "", href);
  }
  equal((await world.requests("login")).length, 1);
});

test("without a page, a relative address is named as bad", "node", async (t) => {
  await t.fails(t.tk.createTokenManager({ server: { kind: "json", login: "/login" } }), { code: "bad_options" });
});
