import { equal, near, ok, test } from "../lib/harness.js";

const token = { access_token: "$access", token_type: "Bearer", expires_in: "$lifetime", refresh_token: "$refresh", scope: "$scope" };
const describe = (more) => ({ login: token, via: "form", opaque: true, scope: "read", clientId: "app", ...more });
const password = { clientId: "app", legacyPasswordGrant: true };
const form = ({ body }) => Object.fromEntries(new URLSearchParams(body));

test("OAuth goes as forms: the password grant, a refresh, a revocation", async (t) => {
  const world = await t.world(describe());
  const m = await t.oauth(world, { server: { ...password, scope: "read write", revocation: world.url("revoke") } });
  await m.login({ username: "ada", password: "right" });
  await m.refresh();
  equal((await m.fetch(world.url("api"))).status, 200);
  await m.logout();
  const { log } = await world.heard();
  const [login, refresh] = log.filter(({ endpoint }) => endpoint === "token").map(form);
  equal(login, { grant_type: "password", client_id: "app", scope: "read write", username: "ada", password: "right" });
  equal([refresh.grant_type, refresh.client_id, typeof refresh.refresh_token], ["refresh_token", "app", "string"]);
  const revoke = form(log.at(-1));
  equal([log.at(-1).endpoint, revoke.token_type_hint, revoke.client_id], ["revoke", "refresh_token", "app"]);
  ok(revoke.token !== refresh.refresh_token && revoke.token, "the successor of the refresh token to be revoked");
});

test("access tokens of OAuth are opaque to us, even one that looks like a JWT", async (t) => {
  const world = await t.world(describe({ opaque: false, claims: { sub: "ada", scope: "all" } }));
  const m = await t.oauth(world, { server: password });
  await m.login({ username: "ada", password: "right" });
  equal(m.session.claims, null);
  equal([...m.session.scopes], ["read"]);
  near(m.session.expiresAt, Date.now() + 300_000);
});

test("the scope that was asked for is the session's when the answer names none", async (t) => {
  const world = await t.world(describe({ scope: undefined }));
  const m = await t.oauth(world, { server: { ...password, scope: "read write" } });
  await m.login({ username: "ada", password: "right" });
  equal([...m.session.scopes], ["read", "write"]);
});

test("the password grant is refused unless legacyPasswordGrant is true", async (t) => {
  const world = await t.world(describe());
  for (const legacyPasswordGrant of [undefined, false]) {
    const m = await t.oauth(world, { server: { clientId: "app", legacyPasswordGrant } });
    for (const credentials of [{ username: "ada", password: "right" }, { grant_type: "password", username: "ada", password: "right" }]) {
      const error = await t.fails(() => m.login(credentials), { code: "bad_options" });
      ok(error.message.includes("legacyPasswordGrant"), error.message);
    }
  }
  equal((await world.requests("token")).length, 0);
});

test("login() takes another grant by its name, without legacyPasswordGrant", async (t) => {
  const world = await t.world(describe());
  const m = await t.oauth(world, { server: { clientId: "app" } });
  await m.login({ grant_type: "authorization_code", code: "good", code_verifier: "v", redirect_uri: "https://app.example/cb" });
  const sent = form((await world.requests("token"))[0]);
  equal([sent.grant_type, sent.code, sent.code_verifier, sent.redirect_uri, sent.client_id], ["authorization_code", "good", "v", "https://app.example/cb", "app"]);
  ok(m.session, "a session");
});

test("credentials of several values or none, and addresses, go as a form has them; nested ones are refused", async (t) => {
  const world = await t.world(describe());
  const m = await t.oauth(world, { server: { clientId: "app", scope: "read" } });
  const resource = ["https://a.example/", "https://b.example/"];
  await m.login({ grant_type: "authorization_code", code: "good", redirect_uri: new URL("https://app.example/cb"), resource, scope: undefined, prompt: null, max_age: 0 });
  const sent = [...new URLSearchParams((await world.requests("token"))[0].body)];
  equal(sent, [["grant_type", "authorization_code"], ["client_id", "app"], ["scope", "read"], ["code", "good"], ["redirect_uri", "https://app.example/cb"], ...resource.map((value) => ["resource", value]), ["max_age", "0"]]);
  for (const nested of [{ a: 1 }, [["a"]], new Map()]) {
    const error = await t.fails(m.login({ grant_type: "authorization_code", claims: nested }), { code: "bad_options" });
    ok(error.message.startsWith("credentials.claims "), error.message);
  }
  equal((await world.requests("token")).length, 1, "requests");
  ok(m.session, "the session");
});

test("refused credentials reject with login_rejected and the server's words", async (t) => {
  const m = await t.oauth(await t.world(describe()), { server: password });
  await t.fails(m.login({ username: "ada", password: "wrong" }), { code: "login_rejected", status: 400, body: { error: "invalid_grant" } });
});

test("invalid_grant ends the session", async (t) => {
  const world = await t.world(describe());
  const m = await t.oauth(world, { server: password });
  await m.login({ username: "ada", password: "right" });
  await world.control({ revoke: true });
  await t.fails(m.refresh(), { code: "session_ended" });
  equal(m.events.at(-1), { type: "logout", reason: "refresh_rejected", remote: false });
});

for (const [status, error] of [[401, "invalid_client"], [400, "invalid_request"], [400, "temporarily_unavailable"], [401, undefined]]) {
  test(`a refresh answered ${status} ${error ?? "without a reason"} does not end the session`, async (t) => {
    const world = await t.world(describe());
    const m = await t.oauth(world, { server: password });
    await m.login({ username: "ada", password: "right" });
    await world.faults("token", { status, body: { error } });
    await t.fails(m.refresh(), { code: "server", status, retryable: false });
    ok(m.session, "the session");
    await m.refresh();
  });
}

test("a token of a type one does not know is not used", async (t) => {
  const world = await t.world(describe({ login: { ...token, token_type: "DPoP" } }));
  const m = await t.oauth(world, { server: password });
  await t.fails(m.login({ username: "ada", password: "right" }), { code: "bad_response" });
  equal(m.session, null);
  await world.control({ set: { login: { ...token, token_type: "bearer" } } });
  await m.login({ username: "ada", password: "right" });
});

test("OAuth names are not guessed: only access_token, refresh_token and expires_in count, at the top", async (t) => {
  for (const login of [{ accessToken: "$access", token: "$access" }, { data: token }, "$access"]) {
    const m = await t.oauth(await t.world(describe({ login })), { server: password });
    await t.fails(m.login({ username: "ada", password: "right" }), { code: "bad_response" });
  }
});

test("a refresh whose answer names no scope keeps the one that was granted", async (t) => {
  const { scope, ...renewed } = token;
  const m = await t.oauth(await t.world(describe({ renewed })), { server: { ...password, scope: "read write" } });
  await m.login({ username: "ada", password: "right" });
  await m.refresh();
  equal([...m.session.scopes], ["read"]);
});

test("without a clientId and a scope none is sent", async (t) => {
  for (const none of [undefined, ""]) {
    const world = await t.world(describe({ clientId: undefined }));
    const m = await t.oauth(world, { server: { legacyPasswordGrant: true, revocation: world.url("revoke"), clientId: none, scope: none } });
    await m.login({ username: "ada", password: "right" });
    await m.logout();
    const sent = (await world.heard()).log.map((request) => Object.keys(form(request)).sort());
    equal(sent, [["grant_type", "password", "username"], ["token", "token_type_hint"]]);
  }
});

test("without a revocation endpoint a logout is local, and without a refresh token an access token is revoked", async (t) => {
  const world = await t.world(describe({ login: { access_token: "$access", token_type: "Bearer", expires_in: "$lifetime" } }));
  const m = await t.oauth(world, { server: password });
  await m.login({ username: "ada", password: "right" });
  await m.logout();
  equal((await world.requests("revoke")).length, 0);
  const revoking = await t.oauth(world, { server: { ...password, revocation: world.url("revoke") } });
  await revoking.login({ username: "ada", password: "right" });
  const access = await revoking.token();
  await revoking.logout();
  const sent = form((await world.requests("revoke"))[0]);
  equal([sent.token, sent.token_type_hint], [access, "access_token"]);
});

test("headers go along with the token endpoint's forms", async (t) => {
  const world = await t.world(describe());
  const m = await t.oauth(world, { server: { ...password, headers: { "x-tenant": "t1" } } });
  await m.login({ username: "ada", password: "right" });
  equal((await world.requests("token"))[0].headers["x-tenant"], "t1");
});
