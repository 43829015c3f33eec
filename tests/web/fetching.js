// The authorised fetch: who gets the token, what is sent again, and what passes untouched.

import { API, AUTH, equal, fails, json, later, ok, rejection, turn, until } from "./harness.js";

const bearer = (call) => call.headers.get("authorization");

// A resource that answers 401 once.
function refusesOnce(server, challenge) {
  server.on["/api"] = (_, count) => (count % 2 ? new Response("no", { status: 401, headers: challenge ? { "www-authenticate": challenge } : {} }) : new Response("fine"));
}

export const cases = {
  async fetch_gives_the_token_to_resources_and_to_nobody_else(t) {
    const server = t.server();
    server.on["/"] = server.on["/v1/x"] = server.on["/v1x"] = () => new Response();
    const m = await t.loggedIn({ resources: [API, "https://other.test/v1/"] });
    for (const [address, theirs] of [
      [`${API}/api`, true], [`${API}:443/api`, true], ["HTTPS://API.TEST/api", true], ["https://other.test/v1/x", true],
      ["https://other.test/v1x", false], ["https://other.test/v1/../", false], ["https://other.test/v1/%2e%2e/", false], ["http://api.test/api", false],
      [`${API}:8443/api`, false], [`${API}.evil.test/api`, false], ["https://api.test@evil.test/api", false], ["https://evil.test/api?https://api.test", false],
      [`${AUTH}/`, false], ["/api", false], ["https://\u0430pi.test/api", false],
    ]) {
      const url = new URL(address, location.href);
      for (const input of url.username ? [address, url] : [address, url, new Request(url)]) {
        await m.fetch(input);
        equal(bearer(server.calls.at(-1)), theirs ? "Bearer access-1" : null, `the header for ${address}`);
      }
    }
  },

  async fetch_gives_the_token_to_its_own_origin_unless_told_otherwise(t) {
    const server = t.server();
    const m = await t.loggedIn({ resources: undefined });
    await m.fetch("/api");
    equal(bearer(server.calls.at(-1)), "Bearer access-1");
    await m.fetch(`${API}/api`);
    equal(bearer(server.calls.at(-1)), null);
  },

  async fetch_takes_an_address_apart_once(t) {
    t.server();
    const maps = [];
    const RealMap = Map;
    t.replace(globalThis, "Map", class extends RealMap {
      constructor(...all) {
        super(...all);
        maps.push(this);
      }
    });
    const m = await t.loggedIn();
    const Real = URL;
    const taken = [];
    t.replace(globalThis, "URL", class extends Real {
      constructor(address, base) {
        super(address, base);
        taken.push(`${address}`);
      }
    });
    const count = () => taken.filter((address) => address.startsWith(API)).length;
    await m.fetch(`${API}/api`);
    const once = count();
    for (let i = 0; i < 5; i++) await m.fetch(`${API}/api`);
    // The double of fetch takes each apart too.
    equal(count() - once, 5 * (once - 1), "addresses taken apart");
    for (let i = 0; i < 2500; i++) equal((await m.fetch(`${API}/api?${i}`)).status, 200);
    ok(maps.length > 0 && maps.every(({ size }) => size <= 1000), "that it is not remembered without end");
    equal((await m.fetch(`${API}/api?${"x".repeat(5000)}`)).status, 200);
    const longest = Math.max(...maps.flatMap((map) => [...map.keys()].map((key) => `${key}`.length)));
    ok(longest < 1000, `that nothing long is remembered, like ${longest} characters`);
  },

  async fetch_with_nobody_logged_in_is_the_platforms(t) {
    const server = t.server();
    const m = await t.manager();
    const init = { method: "PUT", body: "x" };
    await m.fetch(`${API}/api`, init);
    ok(server.calls[0].init === init, "the very same init");
    equal(bearer(server.calls[0]), null);
  },

  async fetch_to_no_resource_is_the_platforms(t) {
    const server = t.server();
    server.on["/x"] = () => new Response();
    const m = await t.loggedIn();
    const init = { headers: { a: "b" } };
    await m.fetch("https://elsewhere.test/x", init);
    ok(server.calls.at(-1).init === init, "the very same init");
  },

  async fetch_lets_the_platform_refuse_what_is_no_address(t) {
    t.server();
    t.replace(globalThis, "fetch", (input) => Promise.reject(new TypeError(`the platform's words on ${input}`)));
    const m = await t.manager();
    equal((await rejection(m.fetch("https://"))).message, "the platform's words on https://");
  },

  async fetch_leaves_an_authorization_of_the_callers_own_alone(t) {
    const server = t.server();
    const m = await t.loggedIn();
    await m.fetch(`${API}/api`, { headers: { Authorization: "Basic x" } });
    await m.fetch(new Request(`${API}/api`, { headers: { Authorization: "Basic x" } }));
    equal(server.to("/api").map(bearer), ["Basic x", "Basic x"]);
  },

  async fetch_leaves_a_navigation_alone(t) {
    const server = t.server();
    const m = await t.loggedIn();
    // What a service worker is asked to fetch; script cannot make one.
    const url = `${API}/api`;
    await m.fetch({ [Symbol.toStringTag]: "Request", url, mode: "navigate", method: "GET", headers: new Headers(), toString: () => url });
    equal(bearer(server.calls.at(-1)), null);
  },

  async fetch_keeps_the_callers_headers_and_does_not_touch_his_objects(t) {
    const server = t.server();
    const m = await t.loggedIn();
    const headers = new Headers({ "x-a": "1" });
    const init = { headers, cache: "no-store" };
    await m.fetch(`${API}/api`, init);
    const [call] = server.to("/api");
    equal([call.headers.get("x-a"), call.init.cache, bearer(call)], ["1", "no-store", "Bearer access-1"]);
    equal([...headers].length, 1, "the caller's headers");
    ok(init.headers === headers, "the caller's init");
  },

  async fetch_takes_a_request_as_init(t) {
    const server = t.server();
    const m = await t.loggedIn();
    const init = () => new Request(`${API}/other`, { method: "POST", body: "text", headers: { "x-a": "1" } });
    await m.fetch(`${API}/api`, init());
    const [call] = server.to("/api");
    const body = await new Request(`${API}/api`, init()).text(); // Firefox loses it, with or without us
    equal([call.method, call.body, call.headers.get("x-a"), bearer(call)], ["POST", body, "1", "Bearer access-1"]);
  },

  async fetch_refreshes_first_when_the_token_is_stale_and_once_for_all(t) {
    const server = t.server();
    const clock = t.clock();
    const m = await t.loggedIn({ autoRefresh: false });
    await clock.advance(3_590_000);
    const responses = await Promise.all(Array.from({ length: 50 }, () => m.fetch(`${API}/api`)));
    ok(responses.every(({ status }) => status === 200), "fifty times 200");
    equal(server.to("/refresh").length, 1, "refreshes");
    equal(server.to("/api").length, 50, "requests");
  },

  async fetch_sends_each_kind_of_body_again_after_a_401(t) {
    const server = t.server();
    const m = await t.loggedIn();
    refusesOnce(server);
    const form = new FormData();
    form.set("a", "b");
    for (const [kind, body] of Object.entries({
      text: "text", blob: new Blob(["blob"]), parameters: new URLSearchParams("a=b"), bytes: new TextEncoder().encode("bytes"), buffer: new TextEncoder().encode("buffer").buffer, form, empty: "",
    })) {
      const response = await m.fetch(`${API}/api`, { method: "POST", body, headers: { "x-kind": kind } });
      equal(await response.text(), "fine", `the answer to ${kind}`);
      const [first, second] = server.to("/api").slice(-2);
      equal([second.method, second.headers.get("x-kind")], ["POST", kind]);
      equal(bearer(second), `Bearer ${server.access}`);
      if (kind === "form") ok(first.body.includes('name="a"') && second.body.includes('name="a"'), "the form, twice");
      else equal(second.body, first.body, `${kind} the second time`);
    }
  },

  async fetch_sends_a_request_with_a_body_again_after_a_401(t) {
    const server = t.server();
    const m = await t.loggedIn();
    refusesOnce(server, "Bearer");
    const request = new Request(`${API}/api`, { method: "PUT", body: "once", headers: { "x-a": "1" } });
    equal(await (await m.fetch(request)).text(), "fine");
    const calls = server.to("/api");
    equal(calls.map(({ body }) => body), ["once", "once"]);
    equal(calls.map(({ method }) => method), ["PUT", "PUT"]);
    equal(calls.map(bearer), ["Bearer access-1", "Bearer access-2"]);
  },

  async fetch_lets_go_of_the_copy_of_a_body_that_was_not_needed(t) {
    t.server();
    const m = await t.loggedIn();
    const copies = [];
    const { clone } = Request.prototype;
    t.replace(Request.prototype, "clone", function () {
      const copy = clone.call(this);
      copies.push(copy);
      return copy;
    });
    await m.fetch(new Request(`${API}/api`, { method: "POST", body: "x" }));
    equal(copies.length, 1, "copies");
    // Where a request does not show its body, there is nothing to let go of.
    if ("body" in Request.prototype) ok(copies[0].bodyUsed, "that the copy was let go of");
    await m.fetch(new Request(`${API}/api`));
    equal(copies.length, 1, "copies of what has no body");
  },

  async fetch_lets_go_of_the_answer_that_was_a_401(t) {
    const server = t.server();
    const m = await t.loggedIn();
    let cancelled = 0;
    server.on["/api"] = (_, count) => (count === 1 ? new Response(new ReadableStream({ cancel: () => void cancelled++ }), { status: 401 }) : new Response("fine"));
    await m.fetch(`${API}/api`);
    await until(() => cancelled === 1, "that the body was cancelled");
  },

  async fetch_does_not_send_a_stream_again(t) {
    const server = t.server();
    const m = await t.loggedIn();
    server.on["/api"] = () => new Response("no", { status: 401 });
    for (const body of [new ReadableStream({ start: (c) => c.close() }), { async *[Symbol.asyncIterator]() {} }]) {
      server.calls.length = 0;
      t.replace(globalThis, "fetch", async (input, init) => (server.calls.push({ init }), new Response("no", { status: 401 })));
      equal((await m.fetch(`${API}/api`, { method: "POST", body, duplex: "half" })).status, 401);
      equal(server.calls.length, 1, "sendings");
    }
    equal(m.warnings("body_not_replayable").length, 2, "warnings");
  },

  async fetch_sends_what_it_was_given_though_the_caller_goes_on_with_the_same_objects(t) {
    const server = t.server();
    const clock = t.clock();
    const m = await t.loggedIn({ autoRefresh: false });
    await clock.advance(3_601_000);
    const [url, init] = [new URL(`${API}/api`), { method: "POST" }];
    const calls = ["1", "2"].map((page) => {
      url.searchParams.set("page", page);
      init.body = page;
      return m.fetch(url, init);
    });
    url.host = "elsewhere.test";
    await Promise.all(calls);
    equal(server.to("/api").map(({ input, body }) => [`${input}`, body]), [[`${API}/api?page=1`, "1"], [`${API}/api?page=2`, "2"]]);
  },

  async fetch_gives_up_waiting_with_the_callers_own_reason_and_not_the_refresh(t) {
    const server = t.server();
    const clock = t.clock();
    const m = await t.loggedIn({ autoRefresh: false });
    await clock.advance(3_601_000);
    for (const reason of ["left page", undefined, null, new Error("mine"), { my: "reason" }]) {
      const answer = later();
      server.on["/refresh"] = async () => (await answer.promise, server.grants());
      const controller = new AbortController();
      const call = rejection(m.fetch(`${API}/api`, { signal: controller.signal }));
      const { length } = server.to("/refresh");
      await until(async () => (await clock.advance(0), server.to("/refresh").length === length || server.to("/refresh").length === length + 1), "the refresh");
      await until(() => server.to("/refresh").length > 0, "the refresh");
      controller.abort(reason);
      ok((await call) === controller.signal.reason, `the very reason ${String(reason)}`);
      ok(!server.to("/refresh").at(-1).signal.aborted, "a refresh that goes on");
      answer.resolve();
      await until(() => m.events.at(-1).type === "refresh", "the refresh's end");
      await clock.advance(3_601_000);
    }
    equal(server.to("/api").length, 0, "requests");
  },

  async fetch_after_a_logout_in_the_same_breath_is_the_platforms(t) {
    const server = t.server();
    server.lifetime = 0;
    const m = await t.manager();
    let sent;
    m.on("login", () => {
      m.logout();
      sent = m.fetch(`${API}/api`);
    });
    await m.login({}).catch(() => {});
    equal((await sent).status, 401);
    equal(bearer(server.to("/api")[0]), null);
  },

  async fetch_listens_to_the_callers_signal_no_longer_than_it_waits(t) {
    const server = t.server();
    const m = await t.loggedIn();
    refusesOnce(server);
    const { signal } = new AbortController();
    let listeners = 0;
    for (const [name, more] of [["addEventListener", 1], ["removeEventListener", -1]]) {
      t.replace(signal, name, (...all) => ((listeners += more), EventTarget.prototype[name].apply(signal, all)));
    }
    equal((await m.fetch(`${API}/api`, { signal })).status, 200);
    await turn();
    equal(server.to("/refresh").length, 1, "refreshes");
    equal(listeners, 0, "listeners that are left");
  },

  async fetch_whose_401_names_the_token_ends_a_session_that_nothing_renews(t) {
    const server = t.server();
    for (const [challenge, reasons] of [['Bearer error="invalid_token"', ["expired"]], ["Basic", []]]) {
      server.on["/api"] = () => new Response("no", { status: 401, headers: { "www-authenticate": challenge } });
      const m = await t.loggedIn({ server: { refresh: undefined } });
      equal((await m.fetch(`${API}/api`)).status, 401);
      equal(m.events.filter(({ type }) => type === "logout").map(({ reason }) => reason), reasons, challenge);
    }
  },

  async fetch_that_is_aborted_before_it_begins_passes_the_reason(t) {
    const server = t.server();
    const clock = t.clock();
    const m = await t.loggedIn({ autoRefresh: false });
    const reason = { left: true };
    await clock.advance(3_601_000);
    ok((await rejection(m.fetch(`${API}/api`, { signal: AbortSignal.abort(reason) }))) === reason, "the reason with an expired token");
    ok((await rejection(m.fetch(new Request(`${API}/api`, { signal: AbortSignal.abort(reason) })))) === reason, "the reason of a request's signal");
    server.on["/refresh"] = () => new Response(null, { status: 503, headers: { "retry-after": "60" } });
    await fails(m.token(), "server");
    ok((await rejection(m.fetch(`${API}/api`, { signal: AbortSignal.abort(reason) }))) === reason, "the reason while there is no token to be had");
    equal(server.to("/api").length, 0, "requests");
  },

  async fetch_passes_network_errors_as_they_are(t) {
    const server = t.server();
    const m = await t.loggedIn();
    const error = new TypeError("Failed to fetch");
    server.on["/api"] = () => { throw error; };
    ok((await rejection(m.fetch(`${API}/api`))) === error, "the very error");
  },

  async fetch_passes_every_other_answer_as_it_is(t) {
    const server = t.server();
    const m = await t.loggedIn();
    for (const status of [200, 204, 304, 400, 403, 404, 500]) {
      const response = new Response(null, { status });
      server.on["/api"] = () => response;
      ok((await m.fetch(`${API}/api`)) === response, `the very answer of status ${status}`);
    }
    equal(server.to("/refresh").length, 0, "refreshes");
  },

  async fetch_warns_of_what_a_newer_token_would_not_help_against(t) {
    const server = t.server();
    const m = await t.loggedIn();
    for (const [status, challenge, code, more] of [
      [403, 'Bearer realm="x", error="insufficient_scope", scope="admin write"', "insufficient_scope", { scope: "admin write" }],
      [401, 'Bearer error="insufficient_scope"', "insufficient_scope", {}],
      [403, 'Bearer scope="a\\"b\\\\c", error="insufficient_scope"', "insufficient_scope", { scope: 'a"b\\c' }],
      [401, 'Bearer error="insufficient_user_authentication", acr_values="mfa", max_age=300', "step_up_required", { acrValues: "mfa", maxAge: 300 }],
      [401, 'Basic realm="a", Bearer error="insufficient_user_authentication"', "step_up_required", {}],
    ]) {
      server.on["/api"] = () => new Response("no", { status, headers: { "www-authenticate": challenge } });
      equal((await m.fetch(`${API}/api`)).status, status);
      const { type, code: told, message, ...rest } = m.events.at(-1);
      equal([type, told], ["warning", code], challenge);
      equal(rest, more, "what the challenge says");
    }
    equal(server.to("/refresh").length, 0, "refreshes");
  },

  async fetch_hears_what_the_second_answer_asks_for(t) {
    const server = t.server();
    const m = await t.loggedIn();
    for (const [status, challenge, code] of [
      [401, 'Bearer error="insufficient_user_authentication", acr_values="gold"', "step_up_required"],
      [403, 'Bearer error="insufficient_scope"', "insufficient_scope"],
    ]) {
      const answers = [new Response(null, { status: 401 }), new Response(null, { status, headers: { "www-authenticate": challenge } })];
      server.on["/api"] = () => answers.shift();
      equal((await m.fetch(`${API}/api`)).status, status);
      equal(m.warnings(code).length, 1, code);
    }
    equal(m.warnings("token_rejected").length, 0, "warnings that the token was refused");
    equal(server.to("/refresh").length, 2, "refreshes");
  },

  async fetch_takes_a_body_that_is_piped_for_a_stream(t) {
    t.server();
    const m = await t.loggedIn();
    let sent = 0;
    const authorised = m.fetchVia(async () => (sent++, new Response(null, { status: 401 })));
    equal((await authorised(`${API}/api`, { method: "POST", body: { pipe() {} } })).status, 401);
    equal([sent, m.warnings("body_not_replayable").length], [1, 1], "sendings and warnings");
  },

  async fetch_takes_a_403_without_a_challenge_for_the_callers(t) {
    const server = t.server();
    const m = await t.loggedIn();
    for (const challenge of ["", 'Bearer error="invalid_token"', "Basic", "\u00e4,,,=", 'Bearer error="']) {
      server.on["/api"] = () => new Response("no", { status: 403, headers: { "www-authenticate": challenge } });
      equal((await m.fetch(`${API}/api`)).status, 403);
    }
    equal(server.to("/refresh").length, 0, "refreshes");
    equal(m.events.length, 1, "events since the login");
  },

  async fetch_does_not_go_on_for_ever_with_tokens_that_are_refused(t) {
    const server = t.server();
    const m = await t.loggedIn();
    server.on["/api"] = () => new Response("no", { status: 401 });
    equal((await m.fetch(`${API}/api`)).status, 401);
    equal(server.to("/api").length, 2, "sendings");
    equal(m.warnings("token_rejected").length, 1, "warnings");
    equal((await m.fetch(`${API}/api`)).status, 401);
    equal([server.to("/api").length, server.to("/refresh").length], [3, 1], "sendings and refreshes");
  },

  async fetch_answers_a_late_401_with_the_token_that_is_there(t) {
    const server = t.server();
    const m = await t.loggedIn();
    const answer = later();
    server.on["/api"] = async (call, count) => {
      if (count === 1) await answer.promise;
      return new Response("", { status: bearer(call) === `Bearer ${server.access}` ? 200 : 401 });
    };
    const late = m.fetch(`${API}/api`);
    await until(() => server.to("/api").length === 1, "the request");
    await m.refresh();
    answer.resolve();
    equal((await late).status, 200);
    equal(server.to("/refresh").length, 1, "refreshes");
  },

  async fetch_gives_the_401_to_the_caller_when_there_is_no_newer_token(t) {
    const server = t.server();
    const m = await t.loggedIn();
    const refusal = new Response("my words", { status: 401 });
    server.on["/api"] = () => refusal;
    server.on["/refresh"] = () => json({}, { status: 500 });
    const response = await m.fetch(`${API}/api`);
    ok(response === refusal, "the very answer");
    equal(await response.text(), "my words", "its body");
  },

  async fetch_of_a_closed_manager_says_so(t) {
    t.server();
    const m = await t.loggedIn();
    const { fetch } = m;
    m.close();
    await fails(fetch(`${API}/api`), "closed");
  },

  async fetch_works_without_its_manager_in_hand(t) {
    const server = t.server();
    const { fetch } = await t.loggedIn();
    equal((await fetch(`${API}/api`)).status, 200);
    equal(bearer(server.to("/api")[0]), "Bearer access-1");
  },
};
