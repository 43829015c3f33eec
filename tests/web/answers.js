// Where an answer keeps its tokens.

import { equal, fails, json, jwt, near, ok } from "./harness.js";

// A session from this answer.
async function from(t, answer, options) {
  const server = t.server();
  const text = typeof answer === "string" ? answer : JSON.stringify(answer);
  server.on["/login"] = () => new Response(text);
  server.on["/token"] = () => new Response(text);
  server.on["/refresh"] = () => json({ access_token: "renewed" });
  const m = options?.oauth ? await t.oauth({ server: { legacyPasswordGrant: true, ...options.server } }) : await t.manager(options);
  await m.login({ username: "ada" });
  return { m, server };
}

const left = (m) => m.session.expiresAt - Date.now();

export const cases = {
  async answer_may_use_any_of_the_usual_names_at_any_of_the_usual_places(t) {
    for (const wrap of [(a) => a, (data) => ({ data }), (result) => ({ result }), (tokens) => ({ ok: true, tokens })]) {
      for (const access of ["access_token", "accessToken", "access", "token", "jwt", "id_token"]) {
        const { m } = await from(t, wrap({ [access]: "the-token", expires_in: 600 }));
        equal(await m.token(), "the-token", `the token under ${access}`);
        near(left(m), 600_000, 5000);
      }
      for (const refresh of ["refresh_token", "refreshToken", "refresh"]) {
        const { m, server } = await from(t, wrap({ access: "a", [refresh]: "r", refreshExpiresIn: 900, expiresIn: 300 }));
        near(left(m), 300_000, 5000);
        near(m.session.refreshExpiresAt - Date.now(), 900_000, 5000);
        await m.refresh();
        equal(JSON.parse(server.to("/refresh")[0].body), { [refresh]: "r" });
      }
    }
  },

  async answer_with_several_names_is_read_in_their_order(t) {
    const { m } = await from(t, { id_token: "id", token: "third", access: "second", data: { access_token: "nested" } });
    equal(await m.token(), "second");
  },

  async answer_is_read_where_the_fields_say_and_nowhere_else(t) {
    const fields = { accessToken: "/auth/0/a~1b~0c", refreshToken: "secret", expiresIn: "/auth/0/ttl", refreshExpiresIn: "/rx" };
    const answer = { access_token: "no", auth: [{ "a/b~c": "yes", ttl: 600 }], secret: "r", refresh_token: "no", rx: "1200" };
    const { m, server } = await from(t, answer, { server: { fields } });
    equal(await m.token(), "yes");
    near(left(m), 600_000, 5000);
    near(m.session.refreshExpiresAt - Date.now(), 1_200_000, 5000);
    await m.refresh().catch(() => {}); // there is no token under /auth in that answer
    equal(JSON.parse(server.to("/refresh")[0].body), { secret: "r" });
    equal((await m.refresh().catch((error) => error)).code, "bad_response");
  },

  async answer_that_is_nothing_but_the_token_is_one(t) {
    const token = jwt({ sub: "ada" });
    for (const answer of [token, ` ${token}\n`, JSON.stringify(token)]) {
      const { m } = await from(t, answer);
      equal(await m.token(), token);
      equal(m.session.claims.sub, "ada");
    }
    const { m } = await from(t, '"opaque"');
    equal(await m.token(), "opaque");
  },

  async answer_has_its_times_as_numbers_or_as_texts_of_numbers(t) {
    for (const [value, millis] of [[600, 600_000], ["600", 600_000], [" 600 ", 600_000], [0.5, 500], ["6e2", 600_000]]) {
      const { m } = await from(t, { token: "a", expires_in: value });
      near(left(m), millis, 5000, `the expiry for ${JSON.stringify(value)}`);
    }
  },

  async answer_with_absurd_times_gives_a_session_all_the_same(t) {
    for (const value of ["null", '""', '" "', '"soon"', "true", "[]", "[600]", "{}", "-1", '"-1"', '"NaN"', '"Infinity"', "1e999"]) {
      const { m } = await from(t, `{"token":"a","refresh_token":"r","expires_in":${value}}`);
      equal(m.session.expiresAt, null, `the expiry for ${value}`);
      equal(await m.token(), "a");
    }
    for (const value of ["1e15", "1e300", "9007199254740993"]) {
      const { m } = await from(t, `{"token":"a","expires_in":${value},"refresh_expires_in":${value}}`);
      ok(Number.isFinite(m.session.expiresAt), `a number for ${value}`);
    }
    // As Keycloak says of a refresh token without an end.
    const { m } = await from(t, '{"token":"a","expires_in":600,"refresh_token":"r","refresh_expires_in":0}');
    equal(m.session.refreshExpiresAt, null, "the end of a refresh token that has 0 seconds");
    // Over at once, with nothing to renew it with.
    for (const value of ["0", "1e-9"]) await fails(from(t, `{"token":"a","expires_in":${value}}`), "session_ended");
  },

  async answer_with_keys_of_the_prototype_reads_only_its_own(t) {
    await fails(from(t, '{"__proto__":{"access_token":"evil"}}'), "bad_response");
    await fails(from(t, '{"data":{"__proto__":{"token":"evil"}}}'), "bad_response");
    await fails(from(t, "{}", { server: { fields: { accessToken: "/constructor/name" } } }), "bad_response");
    await fails(from(t, "{}", { server: { fields: { accessToken: "toString" } } }), "bad_response");
    await fails(from(t, '{"a":"text"}', { server: { fields: { accessToken: "/a/constructor/name" } } }), "bad_response");
    await fails(from(t, '{"a":"text"}', { server: { fields: { accessToken: "/a/0" } } }), "bad_response");
    const { m } = await from(t, '{"__proto__":{"access_token":"own"}}', { server: { fields: { accessToken: "/__proto__/access_token" } } });
    equal(await m.token(), "own");
    equal({}.access_token, undefined, "the prototype of all objects");
    for (const name of ["access_token", "data", "refresh_token"]) t.replace(Object.prototype, name, "evil");
    t.replace(Object.prototype, "result", { access_token: "evil" });
    await fails(from(t, "{}"), "bad_response");
    await fails(from(t, '{"user":{}}', { server: { fields: { accessToken: "/user/access_token" } } }), "bad_response");
  },

  async answer_without_a_lifetime_is_judged_by_the_tokens_own_claims(t) {
    // The server's clock is a day ahead: only the difference counts.
    const now = Math.floor(Date.now() / 1000) + 86_400;
    const { m } = await from(t, { token: jwt({ iat: now, exp: now + 600 }), refresh: jwt({ iat: now, exp: now + 1200 }) });
    near(left(m), 600_000, 5000);
    near(m.session.refreshExpiresAt - Date.now(), 1_200_000, 5000);
    equal(m.warnings("clock_skew").length, 1, "warnings about the clock");
  },

  async answer_with_a_date_is_judged_by_it_where_its_tokens_do_not_say_when_they_were_made(t) {
    const server = t.server();
    const now = Math.floor(Date.now() / 1000) + 86_400;
    const body = { token: jwt({ exp: now + 600 }), refresh: jwt({ exp: now + 1200 }) };
    server.on["/login"] = () => json(body, { headers: { date: new Date(1000 * now).toUTCString() } });
    const m = await t.loggedIn();
    near(left(m), 600_000, 5000);
    near(m.session.refreshExpiresAt - Date.now(), 1_200_000, 5000);
  },

  async answer_with_a_date_has_the_clock_from_there_however_old_its_token_is(t) {
    const server = t.server();
    const now = Math.floor(Date.now() / 1000);
    server.on["/login"] = () => json({ token: jwt({ iat: now - 86_400, exp: now + 600 }) }, { headers: { date: new Date().toUTCString() } });
    const m = await t.loggedIn();
    equal(m.warnings("clock_skew").length, 0, "warnings about the clock");
  },

  async answer_with_a_token_that_is_strange_inside_is_taken_as_opaque_or_as_far_as_it_can_be(t) {
    for (const token of ["a.b.c", jwt([1]), jwt("null"), jwt({ exp: "soon", iat: {} }), jwt({ exp: 1e300, iat: -1 }), jwt('{"__proto__":{"sub":"evil"}}'), "..", "x.".repeat(2000) + "y"]) {
      const { m } = await from(t, { token });
      equal(await m.token(), token);
      equal(m.session.claims?.sub, undefined);
      equal(m.session.hasRole("admin"), false);
      equal(m.session.hasScope("read"), false);
    }
  },

  async answer_of_oauth_keeps_what_is_inside_its_tokens_to_itself(t) {
    const { m } = await from(t, { access_token: jwt({ sub: "ada", iat: 0, exp: 600 }), token_type: "bearer", scope: "read" }, { oauth: true });
    equal(m.session.claims, null);
    equal(m.session.expiresAt, null);
    equal(m.session.scopes, ["read"]);
  },

  async answer_of_oauth_with_a_token_of_an_unknown_type_is_not_used(t) {
    for (const token_type of ["DPoP", "mac", "bearer2", 7, ["bearer"], { toString: 1 }]) {
      await fails(from(t, { access_token: "a", token_type }, { oauth: true }), "bad_response");
    }
  },

  async answer_tells_the_scope_else_the_request_did(t) {
    const granted = await from(t, { access_token: "a", scope: "read  write ", token_type: "Bearer" }, { oauth: true, server: { scope: "all" } });
    equal(granted.m.session.scopes, ["read", "write"]);
    const asked = await from(t, { access_token: "a" }, { oauth: true, server: { scope: "all of" } });
    equal(asked.m.session.scopes, ["all", "of"]);
    const inside = await from(t, { data: { token: "a", scope: "read write" } });
    equal(inside.m.session.scopes, ["read", "write"]);
    const odd = await from(t, { data: { token: jwt({ scope: "x" }), scope: ["y"] } });
    equal(odd.m.session.scopes, ["x"]);
    const claimed = await from(t, { token: jwt({ scp: ["x", 7, "y"], roles: "admin" }) });
    equal(claimed.m.session.scopes, ["x", "y"]);
    ok(claimed.m.session.hasRole("admin"), "the role");
  },

  async answer_to_a_refresh_without_a_scope_keeps_the_scope(t) {
    const { m } = await from(t, { access_token: "a", refresh_token: "r", scope: "read" });
    await m.refresh();
    equal(m.session.scopes, ["read"]);
  },

  async answer_to_a_refresh_without_a_refresh_token_keeps_the_old_one(t) {
    const { m, server } = await from(t, { token: "a", refreshToken: "kept" });
    await m.refresh();
    equal(await m.token(), "renewed");
    await m.refresh();
    equal(JSON.parse(server.to("/refresh")[1].body), { refreshToken: "kept" });
  },
};
