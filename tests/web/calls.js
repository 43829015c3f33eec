// Calls to the authorization server: what is sent, and what an answer's outside means.

import { AUTH, equal, fails, json, later, near, never, ok, ownStore, record, until } from "./harness.js";

const form = ({ body }) => Object.fromEntries(new URLSearchParams(body));

// What the next refresh meets, and the warning about it.
async function failing(t, answer) {
  const server = t.server();
  const m = await t.loggedIn();
  server.on["/refresh"] = answer;
  const error = await m.refresh().then(() => undefined, (error) => error);
  return { m, error, warning: m.warnings("refresh_failed")[0] };
}

export const cases = {
  async login_sends_the_credentials_as_json_with_the_servers_headers(t) {
    const server = t.server();
    const m = await t.manager({ server: { headers: { "X-CSRF": "7" } } });
    await m.login({ username: "ada", otp: { code: 1 } });
    const [call] = server.calls;
    equal(call.input.url, `${AUTH}/login`);
    equal(call.method, "POST");
    equal(JSON.parse(call.body), { username: "ada", otp: { code: 1 } });
    equal(call.headers.get("content-type"), "application/json");
    equal(call.headers.get("accept"), "application/json");
    equal(call.headers.get("x-csrf"), "7");
    equal(call.headers.get("authorization"), null);
    equal(call.credentials, "same-origin");
  },

  async refresh_sends_the_token_in_the_body_under_the_name_in_which_it_came(t) {
    const server = t.server();
    for (const name of ["refresh_token", "refreshToken", "refresh"]) {
      server.on["/login"] = () => json({ access: "a", [name]: "r" });
      const m = await t.loggedIn();
      await m.refresh();
      const call = server.to("/refresh").at(-1);
      equal(JSON.parse(call.body), { [name]: "r" });
      equal(call.method, "POST");
      equal(call.headers.get("authorization"), null);
      equal(call.credentials, "same-origin");
    }
  },

  async refresh_sends_the_token_as_bearer_where_that_is_the_way(t) {
    const server = t.server();
    const m = await t.loggedIn({ server: { refreshVia: "bearer" } });
    await m.refresh();
    const [call] = server.to("/refresh");
    equal(call.headers.get("authorization"), "Bearer refresh-1");
    equal(call.body, "", "the body");
  },

  async refresh_by_cookie_sends_cookies_and_no_token(t) {
    const server = t.server();
    const storage = ownStore();
    const m = await t.loggedIn({ server: { refreshVia: "cookie" }, name: `cookie-${Math.random()}`, storage });
    await m.refresh();
    await until(() => storage.text?.includes(server.access), "the session in the store");
    ok(!storage.text.includes("refresh-"), "no refresh token in the store, though the server told one");
    await m.logout();
    await until(() => server.to("/logout").length > 0, "the logout");
    for (const call of server.calls) {
      equal(call.credentials, "include", `credentials for ${call.path}`);
      ok(!`${call.body} ${[...call.headers]}`.includes("refresh-"), "no refresh token");
    }
    equal(server.to("/refresh").at(-1).body, "", "the body");
  },

  async refresh_by_cookie_sends_no_token_from_before_there_was_a_cookie(t) {
    const server = t.server();
    const m = await t.manager({ server: { refreshVia: "cookie" }, storage: ownStore(record()) });
    await m.refresh();
    await m.logout();
    equal(server.calls.map(({ path }) => path), ["/refresh", "/logout"]);
    ok(server.calls.every(({ body, headers }) => !`${body} ${[...headers]}`.includes("stored-refresh")), "no refresh token");
  },

  async logout_tells_the_server_and_may_outlive_the_page(t) {
    const server = t.server();
    const m = await t.loggedIn();
    await m.logout();
    const [call] = server.to("/logout");
    equal(call.headers.get("authorization"), "Bearer access-1");
    equal(JSON.parse(call.body), { refresh_token: "refresh-1" });
    equal(call.keepalive, true, "keepalive");
    equal(server.to("/login")[0].keepalive, false, "keepalive of a login");
  },

  async logout_without_an_address_for_it_asks_nobody(t) {
    const server = t.server();
    const m = await t.loggedIn({ server: { logout: undefined } });
    await m.logout();
    equal(server.calls.map(({ path }) => path), ["/login"]);
  },

  async logout_does_not_fail_for_a_servers_sake_and_does_not_wait_for_ever(t) {
    const server = t.server();
    for (const answer of [() => { throw new TypeError("gone"); }, () => new Response("no", { status: 500 })]) {
      const m = await t.loggedIn();
      server.on["/logout"] = answer;
      await m.logout();
      equal(m.session, null);
    }
    const clock = t.clock();
    const m = await t.loggedIn();
    server.on["/logout"] = never;
    const done = m.logout();
    equal(m.session, null, "the session at once");
    await clock.advance(15_000);
    await done;
  },

  async oauth_speaks_in_forms(t) {
    const server = t.server();
    const m = await t.oauth({ server: { legacyPasswordGrant: true, scope: "read write" } });
    await m.login({ username: "ada", password: "a&b=ü", missing: undefined });
    const [login] = server.calls;
    equal(form(login), { grant_type: "password", client_id: "shop", scope: "read write", username: "ada", password: "a&b=ü" });
    ok(login.headers.get("content-type").startsWith("application/x-www-form-urlencoded"), "a form");
    await m.refresh();
    equal(form(server.to("/token")[1]), { grant_type: "refresh_token", client_id: "shop", refresh_token: "refresh-1" });
    await m.logout();
    equal(form(server.to("/revoke")[0]), { token: "refresh-2", token_type_hint: "refresh_token", client_id: "shop" });
  },

  async oauth_password_grant_works_only_when_asked_for(t) {
    const server = t.server();
    const m = await t.oauth();
    await fails(m.login({ username: "ada", password: "x" }), "bad_options");
    equal(server.calls.length, 0, "calls");
    await m.login({ grant_type: "authorization_code", code: "7" });
    equal(form(server.calls[0]), { grant_type: "authorization_code", client_id: "shop", code: "7" });
  },

  async call_that_is_not_answered_in_time_is_aborted(t) {
    const server = t.server();
    const clock = t.clock();
    const m = await t.manager({ requestTimeout: 3 });
    server.on["/login"] = never;
    const login = m.login({}).catch((error) => error);
    await clock.advance(2999);
    ok(!server.calls[0].signal.aborted, "that it is still waited for");
    await clock.advance(1);
    const error = await login;
    equal([error.code, error.retryable, error.status], ["timeout", true, undefined]);
    ok(server.calls[0].signal.aborted, "that the call was aborted");
  },

  async call_whose_body_does_not_end_in_time_is_aborted_too(t) {
    const server = t.server();
    const clock = t.clock();
    const m = await t.manager({ requestTimeout: 3 });
    server.on["/login"] = () => new Response(new ReadableStream({}), { headers: { "content-type": "application/json" } });
    const login = m.login({}).catch((error) => error);
    await clock.advance(3000);
    equal((await login).code, "timeout");
  },

  async call_that_is_answered_while_the_page_sleeps_is_heard_when_it_wakes(t) {
    const server = t.server();
    const clock = t.clock();
    const m = await t.manager({ requestTimeout: 3 });
    const answer = later();
    server.on["/login"] = async () => (await answer.promise, server.grants());
    const login = m.login({});
    await until(() => server.to("/login").length === 1, "the login");
    clock.sleep(3_600_000);
    await clock.advance(0); // timers ring first
    answer.resolve();
    ok(await login, "the session");
  },

  async call_that_comes_in_time_leaves_nothing_aborted(t) {
    const server = t.server();
    const clock = t.clock();
    await t.loggedIn({ requestTimeout: 3 });
    await clock.advance(10_000);
    ok(!server.calls[0].signal.aborted, "a signal that is not aborted");
  },

  async network_error_is_network_and_retryable(t) {
    const { error, m } = await failing(t, () => { throw new TypeError("Failed to fetch"); });
    equal([error.code, error.retryable, error.status], ["network", true, undefined]);
    equal(m.warnings("refresh_failed").length, 1, "warnings");
    equal(await m.token(), "access-1", "the token, which still lives");
  },

  async web_page_in_place_of_an_answer_is_no_answer(t) {
    const html = { headers: { "content-type": "text/html; charset=utf-8" } };
    for (const status of [200, 403, 511]) {
      const { error, m } = await failing(t, () => new Response("<html>Log in to the Wi-Fi</html>", { status, ...html }));
      equal(error.code, status === 200 ? "bad_response" : "server", `the code for ${status}`);
      ok(m.session, "the session");
    }
  },

  async answer_that_is_no_json_or_has_no_token_is_a_bad_response(t) {
    const server = t.server();
    for (const body of ["", "{", "[]", "null", "{}", '{"access_token":""}', '{"access_token":7}', '{"access_token":"a b"}', '{"access_token":"a\\r\\nX-Evil: 1"}', "not a token"]) {
      server.on["/login"] = () => new Response(body, { headers: { "content-type": "application/json" } });
      const m = await t.manager();
      const error = await fails(m.login({}), "bad_response");
      equal([error.status, error.retryable, error.body], [200, false, undefined], `the error for ${body}`);
      equal(m.session, null, "the session");
    }
  },

  async refusal_holds_the_servers_own_words(t) {
    const server = t.server();
    for (const [body, words] of [['{"errors":["Wrong password"]}', { errors: ["Wrong password"] }], ["Wrong password", "Wrong password"], ['"Unauthorized"', "Unauthorized"], ['{"token":"expired"}', { token: "expired" }], ["", undefined]]) {
      server.on["/login"] = () => new Response(body, { status: 401 });
      const error = await fails((await t.manager()).login({}), "login_rejected");
      equal([error.status, error.retryable], [401, false]);
      equal(error.body, words, "the words");
    }
  },

  async refusal_of_the_refresh_token_ends_the_session(t) {
    for (const status of [400, 401, 403]) {
      const { error, m } = await failing(t, () => json({ error: "expired" }, { status }));
      equal(error.code, "session_ended");
      equal(m.session, null);
      equal(m.events.at(-1).reason, "refresh_rejected");
    }
  },

  async refusal_by_oauth_is_invalid_grant_and_nothing_else(t) {
    const server = t.server();
    for (const [error, ended] of [["invalid_grant", true], ["invalid_client", false], [7, false], [{ a: 1 }, false]]) {
      const m = await t.oauth({ server: { legacyPasswordGrant: true } });
      server.on["/token"] = () => server.grants();
      await m.login({ username: "ada" });
      server.on["/token"] = () => json({ error }, { status: 400 });
      await m.refresh().catch(() => {});
      equal(m.session === null, ended, `that ${JSON.stringify(error)} ends the session`);
    }
  },

  async server_that_is_out_of_order_ends_nothing(t) {
    for (const [status, retryable] of [[404, false], [408, true], [429, true], [500, true], [503, true]]) {
      const { error, m } = await failing(t, () => json({ detail: "later" }, { status }));
      equal([error.code, error.status, error.retryable], ["server", status, retryable]);
      equal(error.body, { detail: "later" }, "the words");
      ok(m.session, "the session");
    }
  },

  async retry_after_in_seconds_is_waited_for(t) {
    const { warning } = await failing(t, () => new Response("", { status: 429, headers: { "retry-after": "120" } }));
    ok(warning.retryInMs >= 120_000 && warning.retryInMs <= 136_000, `two minutes and little more, got ${warning.retryInMs}`);
  },

  async retry_after_as_a_date_is_waited_for(t) {
    const at = new Date(Date.now() + 120_000).toUTCString();
    const { warning } = await failing(t, () => new Response("", { status: 503, headers: { "retry-after": at } }));
    ok(warning.retryInMs >= 117_000 && warning.retryInMs <= 136_000, `two minutes and little more, got ${warning.retryInMs}`);
  },

  async retry_after_as_a_date_is_counted_by_the_servers_own_clock(t) {
    for (const day of [-86_400_000, 86_400_000]) {
      const date = (offset) => new Date(Date.now() + day + offset).toUTCString();
      const { warning } = await failing(t, () => new Response("", { status: 503, headers: { date: date(0), "retry-after": date(120_000) } }));
      ok(warning.retryInMs >= 117_000 && warning.retryInMs <= 140_000, `two minutes and little more, got ${warning.retryInMs}`);
    }
  },

  async retry_after_that_is_nonsense_or_past_asks_for_nothing(t) {
    for (const after of ["soon", "", "-5", "NaN", "1e999x", "Wed, 21 Oct 2015 07:28:00 GMT", "{}"]) {
      const { warning } = await failing(t, () => new Response("", { status: 429, headers: { "retry-after": after } }));
      ok(warning.retryInMs <= 2000, `the usual wait for ${after}, got ${warning.retryInMs}`);
    }
  },

  async retry_after_that_asks_too_much_is_an_hour(t) {
    for (const after of ["99999999999999999999", "1e300", "Infinity", "Fri, 31 Dec 9999 23:59:59 GMT"]) {
      const { warning } = await failing(t, () => new Response("", { status: 429, headers: { "retry-after": after } }));
      ok(warning.retryInMs >= 3_600_000 && warning.retryInMs <= 4_100_000, `an hour for ${after}, got ${warning.retryInMs}`);
    }
  },

  async date_of_an_answer_tells_of_a_clock_that_differs(t) {
    const server = t.server();
    const login = async (offset) => {
      const headers = { date: new Date(Date.now() + offset).toUTCString() };
      server.on["/login"] = () => json({ access_token: "a", expires_in: 600 }, { headers });
      return t.loggedIn();
    };
    const behind = await login(3_600_000);
    near(behind.warnings("clock_skew")[0]?.skewMs, -3_600_000, 5000, "skewMs");
    near(behind.session.expiresAt, Date.now() + 600_000, 5000, "the expiry, on this device's clock");
    const right = await login(30_000);
    equal(right.warnings("clock_skew").length, 0, "warnings about half a minute");
  },

  async date_that_is_nonsense_tells_nothing(t) {
    const server = t.server();
    for (const date of ["yesterday", "", "0", "-1"]) {
      server.on["/login"] = () => json({ access_token: "a" }, { headers: { date } });
      const m = await t.loggedIn();
      ok(m.session, `a session in spite of the date ${date}`);
      ok(m.warnings("clock_skew").every(({ skewMs }) => Number.isFinite(skewMs)), "no warning about nothing");
    }
  },
};
