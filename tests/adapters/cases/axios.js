import axios from "axios";
import { attach } from "tokenkeeper/axios";
import { equal, ok, rejection, test, until } from "../lib/harness.js";

/** The same rule for each adapter that there is. */
function each(sentence, check) {
  test(`axios over xhr: ${sentence}`, "page", (t) => check(t, "xhr"));
  test(`axios over http: ${sentence}`, "node", (t) => check(t, "http"));
  test(`axios over fetch: ${sentence}`, (t) => check(t, "fetch"));
}

async function attached(t, adapter, description, options) {
  const world = await t.world(description);
  const manager = await t.loggedIn(world, options);
  const api = axios.create({ baseURL: world.url(""), adapter });
  const detach = attach(api, manager);
  return { world, manager, api, detach };
}

// What an error shows may be logged.
async function failure(t, promise) {
  const error = await rejection(promise);
  t.told.push(JSON.stringify({ ...error, request: undefined, response: { ...error.response, request: undefined } }));
  if (error.toJSON) t.told.push(JSON.stringify(error.toJSON()));
  return error;
}

each("a resource gets the token", async (t, adapter) => {
  const { manager, api, world } = await attached(t, adapter);
  const { data, status, config } = await api.get("/api", { params: { page: 2 } });
  equal([status, data.headers.authorization], [200, `Bearer ${await manager.token()}`]);
  ok(data.path.endsWith("/api?page=2"), data.path);
  t.told.push(JSON.stringify(config));
  equal((await world.requests("api")).length, 1);
});

each("no other address gets it: neither another origin, nor a base of a request's own, nor a look-alike path", async (t, adapter) => {
  const { world, manager } = await attached(t, adapter);
  const scoped = await t.loggedIn(world, { resources: [world.url("api")] });
  const elsewhere = world.url("open").replace("127.0.0.1", "localhost");
  const [api, narrow] = [manager, scoped].map((manager) => {
    const instance = axios.create({ baseURL: world.url(""), adapter });
    attach(instance, manager);
    return instance;
  });
  await api.get(elsewhere);
  await api.get("open", { baseURL: elsewhere.replace("open", "") });
  // Node's adapters know no page, so for them it leads nowhere.
  await api.get("//localhost:" + new URL(world.origin).port + new URL(world.url("open")).pathname, { baseURL: undefined }).catch(() => {});
  await narrow.get("api2");
  await narrow.get("api/../open");
  equal((await narrow.get("/api")).data.headers.authorization, `Bearer ${await scoped.token()}`, "what its own address gets");
  const { log } = await world.heard();
  const open = log.filter(({ endpoint }) => endpoint === "open" || endpoint === "api2");
  ok(open.length >= 4, "requests that arrived");
  equal(open.map(({ headers }) => headers.authorization ?? null), open.map(() => null));
});

for (const adapter of ["xhr", "fetch"]) {
  test(`axios over ${adapter}: an interceptor that takes the base away leaves the page as base, which is no resource here`, "page", async (t) => {
    const { world, api } = await attached(t, adapter);
    api.interceptors.request.use((config) => Object.assign(config, { baseURL: undefined }));
    await api.get(new URL(world.url("open")).pathname);
    equal((await world.requests("open")).map(({ headers }) => headers.authorization ?? null), [null]);
  });
}

each("an Authorization of the caller's own stays, and its 401 is the caller's", async (t, adapter) => {
  const { world, api } = await attached(t, adapter);
  const error = await failure(t, api.get("api", { headers: { authorization: "Basic own" } }));
  equal(error.response.status, 401);
  await failure(t, api.get("api", { auth: { username: "ada", password: "right" } }));
  equal((await world.requests("api")).map(({ headers }) => headers.authorization), ["Basic own", `Basic ${btoa("ada:right")}`]);
  equal((await world.requests("refresh")).length, 0);
});

each("with nobody logged in it is plain axios", async (t, adapter) => {
  const { manager, api } = await attached(t, adapter);
  await manager.logout();
  const error = await failure(t, api.get("api"));
  ok(axios.isAxiosError(error) && error.response.status === 401, "axios' own error");
  equal((await api.get("open")).data.headers.authorization, undefined);
});

each("fifty requests that are answered 401 make one refresh, and each is sent once more", async (t, adapter) => {
  const { world, api } = await attached(t, adapter);
  await world.expire();
  const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => api.post("api", { i })));
  equal(answers.map(({ status }) => status), answers.map(() => 200));
  equal(answers.map(({ data }) => JSON.parse(data.body).i), answers.map((_, i) => i));
  equal((await world.requests("refresh")).length, 1);
  ok((await world.requests("api")).length <= 100, "no more than one replay each");
});

each("a 401 that comes after the token was replaced makes no other refresh", async (t, adapter) => {
  const { world, manager, api } = await attached(t, adapter);
  await world.faults("api", { delay: 300, status: 401, body: {} });
  const late = api.get("api");
  await until(async () => (await world.requests("api")).length, "it to be on its way with the first token");
  await manager.refresh();
  equal((await late).status, 200);
  equal((await world.requests("refresh")).length, 1);
});

each("interceptors and transformations run once, and the second body is the first", async (t, adapter) => {
  const { world, api } = await attached(t, adapter);
  const ran = [];
  api.defaults.transformRequest = [(data) => (ran.push("transform"), `<${data}>`)];
  api.interceptors.request.use((config) => (ran.push("before"), config));
  api.interceptors.response.use((response) => (ran.push(response.status), response), (error) => (ran.push("refused"), Promise.reject(error)));
  await world.expire();
  const { data } = await api.post("api", "text", { headers: { "content-type": "text/plain" } });
  equal(data.body, "<text>");
  equal((await world.requests("api")).map(({ body }) => body), ["<text>", "<text>"]);
  equal(ran, ["before", "transform", 200]);
});

each("a second 401 is the caller's, with a warning", async (t, adapter) => {
  const { world, manager, api } = await attached(t, adapter);
  await world.faults("api", { status: 401, body: { first: true } }, { status: 401, body: { second: true } });
  const error = await failure(t, api.get("api"));
  equal([error.response.status, error.response.data], [401, { second: true }]);
  equal((await world.requests("api")).length, 2);
  equal(manager.events.filter(({ type }) => type === "warning").map(({ code }) => code), ["token_rejected"]);
});

each("where every status counts as success, a 401 is answered just so", async (t, adapter) => {
  const { world, api } = await attached(t, adapter);
  await world.expire();
  equal((await api.get("api", { validateStatus: () => true })).status, 200);
});

each("a missing scope makes no refresh, and is the caller's", async (t, adapter) => {
  const { world, manager, api } = await attached(t, adapter);
  await world.faults("api", { status: 403, body: {}, headers: { "www-authenticate": 'Bearer error="insufficient_scope", scope="admin"' } });
  equal((await failure(t, api.get("api"))).response.status, 403);
  equal((await world.requests("refresh")).length, 0);
  equal(manager.events.at(-1).scope, "admin");
  await world.faults("api", { status: 403, body: {}, headers: { "www-authenticate": 'Bearer error="insufficient_scope", scope="owner"' } });
  equal((await api.get("api", { validateStatus: () => true })).status, 403);
  equal(manager.events.at(-1).scope, "owner", "where every status counts as success");
});

each("whoever aborts while a token is awaited gets axios' own cancellation, and the refresh goes on", async (t, adapter) => {
  const { world, manager, api } = await attached(t, adapter);
  await world.expire();
  await world.faults("refresh", { delay: 300 });
  const controller = new AbortController();
  const leaving = failure(t, api.get("api", { signal: controller.signal }));
  await until(async () => (await world.requests("refresh")).length, "it to wait for the refresh");
  controller.abort();
  const error = await leaving;
  equal(manager.events.some(({ type }) => type === "refresh"), false, "refreshed by then");
  ok(axios.isCancel(error), `a cancellation, not ${error}`);
  equal((await api.get("api")).status, 200);
  equal((await world.requests("refresh")).length, 1);
  ok(manager.session, "a session");
});

each("network errors are axios' own, and hold no token", async (t, adapter) => {
  const { world, api } = await attached(t, adapter);
  await world.faults("api", { drop: true });
  const error = await failure(t, api.get("api"));
  ok(axios.isAxiosError(error) && !error.response, `axios' own error, not ${error}`);
  equal(error.config.headers.get("authorization") ?? null, null);
});

each("a refused refresh leaves the 401 to the caller; an error of the manager's passes as it is", async (t, adapter) => {
  const { world, manager, api } = await attached(t, adapter);
  await world.control({ revoke: true });
  equal((await failure(t, api.get("api"))).response.status, 401);
  equal(manager.session, null);
  manager.close();
  await t.fails(api.get("api"), { code: "closed" });
});

each("a config that is sent again takes the token of then", async (t, adapter) => {
  const { world, manager, api } = await attached(t, adapter);
  await world.faults("api", { status: 503, body: {} });
  const error = await failure(t, api.get("api"));
  await manager.refresh();
  const { data } = await api.request(error.config);
  equal(data.headers.authorization, `Bearer ${await manager.token()}`);
});

each("once detached, it is the instance it was", async (t, adapter) => {
  const { api, detach } = await attached(t, adapter);
  let ran = 0;
  api.interceptors.request.use((config) => (ran++, config));
  const { config } = await api.get("open");
  detach();
  equal((await api.request(config)).data.headers.authorization, undefined);
  equal((await api.get("open")).data.headers.authorization, undefined);
  equal(ran, 3, "how often another interceptor ran");
});

test("axios: an adapter of a request's own sends at once, and what it fails with passes as it is", async (t) => {
  const { manager, api } = await attached(t, "fetch");
  const token = await manager.token();
  for (const failure of ["words", undefined]) {
    const sent = [];
    const refused = rejection(api.get("api", { adapter: ({ headers }) => (sent.push(headers.get("authorization")), Promise.reject(failure)) }));
    equal(sent, [`Bearer ${token}`], "what was sent by then");
    equal(await refused, failure);
  }
});

for (const [what, send] of [
  ["a stream", (api) => api.post("api", process.getBuiltinModule("node:stream").Readable.from(["gone when it is sent"]))],
  ["a form of the package form-data, which is a stream of an older kind,", (api) => api.postForm("api", { a: "gone when it is sent" })],
]) {
  test(`axios over http: ${what} is not sent a second time`, "node", async (t) => {
    const { world, manager, api } = await attached(t, "http");
    await world.expire();
    equal((await rejection(send(api))).response.status, 401);
    equal((await world.requests("api")).length, 1);
    equal(manager.events.at(-1).code, "body_not_replayable");
  });
}

test("axios over http: the refused answer to a download is let go of", "node", async (t) => {
  const { world, manager, api } = await attached(t, "http");
  const refused = [];
  const http = axios.getAdapter("http");
  api.defaults.adapter = (config) => http(config).catch((error) => (refused.push(error.response.data), Promise.reject(error)));
  await world.expire();
  const { data, status } = await api.get("api", { responseType: "stream" });
  equal([status, data.destroyed, refused.length, refused[0].destroyed], [200, false, 1, true]);
  data.destroy();
  equal(manager.events.length, 2, "the login and the refresh");
});

for (const [adapter, where] of [["xhr", "page"], ["http", "node"]]) {
  test(`axios over ${adapter}: a 401 from elsewhere, where a resource redirected to, says nothing of our token`, where, async (t) => {
    const { world, manager, api } = await attached(t, adapter);
    await world.faults("api", { status: 302, headers: { location: world.url("open").replace(t.servers.other, t.servers.page) } });
    await world.faults("open", { status: 401 });
    equal((await failure(t, api.get("api"))).response.status, 401);
    equal([(await world.requests("api")).length, (await world.requests("refresh")).length], [1, 0], "sendings and refreshes");
    await world.expire();
    equal((await api.get("api")).status, 200, "a 401 of the resource's own");
    equal(manager.events.length, 2, "the login and the refresh");
  });
}

each("a cancel token is heard while a refresh is waited for", async (t, adapter) => {
  const { world, api } = await attached(t, adapter);
  await world.expire();
  await world.faults("refresh", { delay: 300 });
  const source = axios.CancelToken.source();
  const call = api.get("api", { cancelToken: source.token });
  await until(async () => (await world.requests("refresh")).length === 1, "the refresh");
  source.cancel("enough");
  const error = await rejection(call);
  ok(axios.isCancel(error) && error.message === "enough", String(error));
  equal((await world.requests("api")).length, 1, "sendings");
});

test("axios: an upload over XMLHttpRequest tells its progress, and is sent again after a 401", "page", async (t) => {
  const { world, api } = await attached(t, "xhr");
  await world.expire();
  const form = new FormData();
  form.append("file", new Blob(["x".repeat(100_000)]), "file.txt");
  const progress = [];
  const { data } = await api.post("api", form, { onUploadProgress: ({ loaded }) => progress.push(loaded) });
  ok(data.length > 100_000, "the whole file");
  ok(progress.length > 0, "progress");
  equal((await world.requests("api")).length, 2);
});
