// Listeners, errors, snapshots, and the end.

import { isTokenError } from "../../pkg/error.js";
import { decodeToken } from "../../pkg/module.js";
import { API, equal, fails, jwt, later, never, ok, ownStore, rejection, turn, until } from "./harness.js";

export const cases = {
  async listener_that_throws_is_reported_and_keeps_nobody_from_being_told(t) {
    t.server();
    const reported = [];
    t.replace(globalThis, "reportError", (error) => reported.push(error.message));
    const m = await t.manager();
    const told = [];
    m.on("login", () => { throw new Error("mine"); });
    m.on("login", () => told.push("on"));
    m.subscribe(() => { throw new Error("mine too"); });
    m.subscribe(() => told.push("subscribe"));
    await m.login({});
    equal(told, ["on", "subscribe"]);
    equal(reported, ["mine", "mine too"]);
    equal(await m.token(), "access-1");
  },

  async listener_that_throws_is_written_to_the_console_where_nothing_else_reports(t) {
    t.server();
    const said = [];
    t.replace(globalThis, "reportError", undefined);
    t.replace(console, "error", (error) => said.push(error.message));
    const m = await t.manager();
    m.on("login", () => { throw new Error("mine"); });
    await m.login({});
    equal(said, ["mine"]);
  },

  async listener_may_call_back_in_and_everything_happens_in_order(t) {
    const server = t.server();
    const m = await t.manager();
    const seen = [];
    const replies = [];
    const keep = (...calls) => replies.push(...calls.map((call) => Promise.allSettled([call])));
    m.on("login", () => {
      seen.push("login");
      keep(m.token(), m.refresh(), m.fetch(`${API}/api`));
      seen.push("still in login");
    });
    m.on("refresh", ({ session }) => {
      seen.push("refresh");
      ok(session === m.session, "the session of the event");
      keep(m.token(), m.logout());
      seen.push("still in refresh");
    });
    m.on("logout", () => {
      seen.push("logout");
      keep(m.login({}).then(() => m.close()));
    });
    await m.login({});
    await until(() => replies.length >= 6, "all calls");
    const outcomes = (await Promise.all(replies)).flat();
    equal(seen.slice(0, 5), ["login", "still in login", "refresh", "still in refresh", "logout"]);
    ok(outcomes.every(({ status, reason }) => status === "fulfilled" || isTokenError(reason)), "a token or one typed error for each");
    equal(server.to("/login").length, 2, "logins");
  },

  async listener_may_close_its_manager(t) {
    t.server();
    for (const type of ["login", "refresh", "logout"]) {
      const m = await t.manager();
      m.on(type, () => m.close());
      const work = (async () => {
        await m.login({});
        await m.refresh();
        await m.logout();
      })();
      const error = await work.then(() => undefined, (error) => error);
      ok(error === undefined || error.code === "closed", `no error but closed, got ${error}`);
      await fails(m.token(), "closed");
    }
  },

  async listener_that_was_stopped_is_not_told_and_one_that_came_meanwhile_is_told_next(t) {
    t.server();
    const m = await t.manager();
    const told = [];
    const stop = m.subscribe(() => {
      told.push("first");
      stop();
      m.subscribe(() => told.push("late"));
    });
    await m.login({});
    equal(told, ["first"]);
    await m.refresh();
    equal(told, ["first", "late"]);
  },

  async listener_that_is_given_twice_is_told_twice_and_stopped_once(t) {
    t.server();
    const m = await t.manager();
    let told = 0;
    const listener = () => told++;
    m.subscribe(listener);
    const stop = m.subscribe(listener);
    await m.login({});
    equal(told, 2);
    stop();
    await m.refresh();
    equal(told, 3);
  },

  async listener_must_be_a_function_of_a_known_event(t) {
    const m = await t.manager();
    for (const call of [() => m.on("expired", () => {}), () => m.on("login"), () => m.subscribe({})]) {
      equal((await rejection(call)).code, "bad_options");
    }
  },

  async event_has_its_shape(t) {
    t.server();
    const m = await t.manager({ storage: ownStore("garbage") });
    const shapes = {};
    for (const type of ["login", "refresh", "logout"]) m.on(type, (event) => (shapes[type] = Object.keys(event).sort().join()));
    await m.login({});
    await m.refresh();
    await m.logout();
    equal(shapes, { login: "remote,session", refresh: "remote,session", logout: "reason,remote" });
    const [{ message }] = await until(() => m.warnings("storage_corrupt").length === 1 && m.warnings("storage_corrupt"), "the warning");
    ok(message.endsWith("."), "a sentence");
  },

  async warnings_of_the_opening_wait_until_one_can_listen(t) {
    const m = await t.manager({ storage: ownStore("garbage") });
    await until(() => m.warnings("storage_corrupt").length === 1, "the warning");
  },

  async session_is_the_same_object_until_something_changes(t) {
    t.server();
    const m = await t.manager();
    equal(m.session, null);
    const login = await m.login({});
    ok(login === m.session && m.session === m.session, "one object");
    await m.token();
    await m.fetch(`${API}/api`);
    ok(login === m.session, "the same object after use");
    let changes = 0;
    m.subscribe(() => changes++);
    const refreshed = await m.refresh();
    ok(refreshed !== login && refreshed === m.session, "another object after a change");
    equal(changes, 1, "changes told");
    await m.logout();
    equal([m.session, changes], [null, 2]);
  },

  async session_cannot_be_changed(t) {
    t.server();
    const { session } = await t.loggedIn();
    ok(Object.isFrozen(session) && Object.isFrozen(session.scopes), "frozen");
    equal((await rejection(() => { session.claims = {}; })).name, "TypeError");
  },

  async error_has_its_shape(t) {
    const m = await t.manager();
    const error = await rejection(m.token());
    ok(error instanceof Error && isTokenError(error), "an Error of ours");
    equal([error.name, error.code, error.retryable], ["TokenError", "not_logged_in", false]);
    equal(Object.keys(error).sort(), ["code", "retryable"], "its own members");
    ok(error.stack.length > 0 && error.message.endsWith("."), "stack and message");
    for (const other of [null, undefined, "TokenError", {}, new Error("x"), { name: "TokenError", code: "closed" }, Object.assign(new Error("x"), { name: "TokenError" })]) equal(isTokenError(other), false);
  },

  async error_holds_no_token_and_neither_does_explain(t) {
    const server = t.server();
    const m = await t.loggedIn();
    server.on["/refresh"] = ({ body }) => new Response(`no: ${body}`, { status: 500 });
    const error = await rejection(m.refresh());
    ok(!`${error.message} ${error.stack}`.includes("refresh-1"), "no token in the message");
    const told = JSON.stringify([m.explain(), m.events]);
    ok(!/(access|refresh)-\d/.test(told), "no token in explain() and events");
    ok(m.explain().every(({ at, what }) => Number.isFinite(at) && typeof what === "string"), "entries with their times");
  },

  async explain_tells_so_much_and_no_more_and_cannot_be_changed(t) {
    t.server();
    const m = await t.loggedIn();
    const [line] = m.explain();
    equal(Object.keys(line).join(), "at,what", "what it says of a login");
    line.what = "changed";
    equal(m.explain()[0].what, "login");
    for (let count = 0; count < 105; count++) await m.refresh();
    equal(m.explain().length, 100, "what is remembered");
  },

  async warnings_of_what_was_under_way_are_told_to_nobody_after_close(t) {
    const server = t.server();
    const m = await t.loggedIn();
    const answer = later();
    server.on["/api"] = async () => (await answer.promise, new Response("no", { status: 401 }));
    const sent = m.fetch(`${API}/api`, { method: "POST", body: new ReadableStream(), duplex: "half" });
    await until(() => server.to("/api").length === 1, "the request");
    m.close();
    answer.resolve();
    equal((await sent).status, 401);
    equal(m.events.length, 1, "events since the login");
  },

  async tokens_are_forgotten_when_nobody_needs_them(t) {
    t.server();
    const given = [];
    const { set } = Map.prototype;
    t.replace(Map.prototype, "set", function (key, value) {
      if (typeof value === "object" && "access" in value) given.push(() => this.has(key)); // what stands behind a receipt
      return set.call(this, key, value);
    });
    const remembered = () => given.filter((isRemembered) => isRemembered()).length;
    const m = await t.loggedIn();
    const once = remembered();
    for (let count = 0; count < 3; count++) await m.refresh();
    equal(remembered(), once, "as much as after the login");
    ok(once > 0, "the session's tokens at least");
    await m.logout();
    equal(remembered(), 0, "after the logout");
    const { length } = given;
    dispatchEvent(new Event("online"));
    await turn();
    equal(given.length, length, "what the store's memory still held");
  },

  async decoding_tells_the_broken_rule_or_gives_the_parts(t) {
    const { header, claims, signature } = decodeToken(jwt({ sub: "ada", n: 1 }));
    equal([header, claims, String.fromCharCode(...signature)], [{ alg: "HS256" }, { sub: "ada", n: 1 }, "signature"]);
    for (const token of ["", "a.b", "a.b.c.d", 7, null, undefined, {}, jwt("[1]"), "\ud800.\ud800.x", `${jwt({})}=`]) {
      equal((await rejection(() => decodeToken(token))).code, "bad_token", String(token));
    }
  },

  async closing_answers_everyone_who_waits_and_nothing_traps_later(t) {
    const server = t.server();
    const m = await t.loggedIn({ storage: ownStore() });
    const answers = { "/login": later(), "/refresh": later(), "/logout": later() };
    for (const [path, { promise }] of Object.entries(answers)) server.on[path] = async () => (await promise, path === "/logout" ? new Response() : server.grants());
    const waiting = [m.refresh(), m.token(), m.login({}), m.refresh()];
    await until(() => server.to("/refresh").length === 1, "the refresh");
    await until(() => server.to("/login").length === 2, "the login");
    const ends = Promise.allSettled(waiting);
    m.close();
    m.close();
    m[Symbol.dispose]?.();
    for (const { status, reason } of await ends) ok(status === "fulfilled" || reason.code === "closed", "closed, or what was there before");
    equal(m.session, null);
    for (const { resolve } of Object.values(answers)) resolve();
    await turn(10);
    for (const call of [() => m.token(), () => m.refresh(), () => m.login({}), () => m.logout(), () => m.fetch(`${API}/api`)]) await fails(call(), "closed");
    m.subscribe(() => {})();
    ok(m.explain().some(({ what }) => what === "refresh"), "what happened still");
    equal(m.events.length, 1, "events after close()");
  },

  async closing_while_the_store_hangs_traps_nothing(t) {
    t.server();
    const storage = ownStore();
    const m = await t.loggedIn({ storage });
    storage.get = never;
    const refreshed = rejection(m.refresh());
    await turn();
    m.close();
    equal((await refreshed).code, "closed");
  },

  async closing_ends_a_login_whose_answer_comes_late(t) {
    const server = t.server();
    const m = await t.manager();
    const answer = later();
    server.on["/login"] = async () => (await answer.promise, server.grants());
    const login = rejection(m.login({}));
    await until(() => server.to("/login").length === 1, "the login");
    m.close();
    equal((await login).code, "closed");
    answer.resolve();
    await turn(5);
    equal(m.session, null);
  },

  async closing_while_a_cookie_is_asked_for_leaves_its_session_alone(t) {
    const server = t.server();
    const clock = t.clock();
    server.on["/refresh"] = () => new Response("busy", { status: 503 });
    const m = await t.manager({ server: { refreshVia: "cookie" } });
    equal(m.session, null, "the session while the server fails");
    const answer = later();
    server.on["/refresh"] = async () => (await answer.promise, server.grants());
    await until(async () => (await clock.advance(500), server.to("/refresh").length === 2), "that it is asked again");
    m.close();
    answer.resolve();
    await until(async () => (await navigator.locks.query()).held.every(({ name }) => name !== `tokenkeeper:${m.name}`), "that the lock is given back");
    await turn(10);
    equal(server.to("/logout").length, 0, "calls that end the cookie's session");
  },

  async logout_while_a_login_or_refresh_is_under_way_wins(t) {
    const server = t.server();
    const m = await t.loggedIn();
    const answer = later();
    server.on["/refresh"] = async () => (await answer.promise, server.grants());
    const refreshed = rejection(m.refresh());
    await until(() => server.to("/refresh").length === 1, "the refresh");
    await m.logout();
    equal((await refreshed).code, "session_ended");
    answer.resolve();
    await until(() => server.to("/logout").length === 2, "that the token nobody may keep is given back");
    equal(m.session, null);
  },
};
