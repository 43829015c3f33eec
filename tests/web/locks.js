// The Web Lock around a refresh: waited for within a deadline, never stolen, always given back.

import { API, equal, later, never, ok, ownStore, rejection, turn, until } from "./harness.js";

const locked = async (name) => {
  const { held, pending } = await navigator.locks.query();
  const count = (list) => list.filter((lock) => lock.name === `tokenkeeper:${name}`).length;
  return [count(held), count(pending)];
};

const free = (name) => until(async () => `${await locked(name)}` === "0,0", "that the lock is given back");

// Somebody else's lock of this name, and how it is given back.
function hold(name) {
  const release = later();
  const had = later();
  navigator.locks.request(`tokenkeeper:${name}`, () => (had.resolve(), release.promise));
  return had.promise.then(() => release.resolve);
}

async function goesOnWithout(t, locks) {
  t.replace(navigator, "locks", locks);
  t.server();
  const m = await t.loggedIn({ storage: ownStore() });
  await m.refresh();
  equal(await m.token(), "access-2");
  ok(m.explain().some(({ what }) => what === "unlocked"), "that explain() says so");
}

export const cases = {
  async lock_is_held_while_the_server_is_asked_and_given_back_then(t) {
    const server = t.server();
    const m = await t.loggedIn({ storage: ownStore(), name: "held" });
    let during;
    server.on["/refresh"] = async () => {
      during = await locked("held");
      return server.grants();
    };
    await m.refresh();
    equal(during, [1, 0], "the lock while the server is asked");
    await free("held");
  },

  async lock_is_queued_for_and_the_server_asked_when_it_is_had(t) {
    const server = t.server();
    const m = await t.loggedIn({ storage: ownStore(), name: "queued" });
    const release = await hold("queued");
    const refreshed = m.refresh();
    await until(async () => `${await locked("queued")}` === "1,1", "that the lock is queued for");
    equal(server.to("/refresh").length, 0, "refreshes without the lock");
    release();
    await refreshed;
    equal(server.to("/refresh").length, 1, "refreshes");
    await free("queued");
  },

  async lock_that_is_had_when_nobody_waits_any_more_is_given_back_without_a_refresh(t) {
    const server = t.server();
    server.lifetime = 0;
    const m = await t.loggedIn({ storage: ownStore(), name: "left", autoRefresh: false });
    const release = await hold("left");
    const controller = new AbortController();
    const call = rejection(m.fetch(`${API}/api`, { signal: controller.signal }));
    await until(async () => `${await locked("left")}` === "1,1", "that the lock is queued for");
    controller.abort();
    await call;
    release();
    await free("left");
    equal(server.to("/refresh").length, 0, "refreshes");
  },

  async lock_is_given_back_whatever_the_server_answers(t) {
    const server = t.server();
    for (const [name, answer] of Object.entries({
      busy: () => new Response("busy", { status: 503 }),
      gone: () => { throw new TypeError("network"); },
      nonsense: () => new Response("<p>", { headers: { "content-type": "text/html" } }),
      refused: () => new Response("{}", { status: 401 }),
    })) {
      const m = await t.loggedIn({ storage: ownStore(), name });
      server.on["/refresh"] = answer;
      await m.refresh().catch(() => {});
      await free(name);
    }
  },

  async lock_that_is_not_had_in_time_is_gone_without_and_not_waited_for_any_more(t) {
    const server = t.server();
    const storage = ownStore();
    const m = await t.loggedIn({ storage, name: "late", requestTimeout: 2 });
    await until(() => storage.text, "the session in the store");
    const clock = t.clock();
    const release = await hold("late");
    const refreshed = m.refresh();
    await until(async () => `${await locked("late")}` === "1,1", "that the lock is queued for");
    await clock.advance(6999);
    equal(server.to("/refresh").length, 0, "refreshes within the deadline of 2 s for the request and 5 more");
    await clock.advance(1);
    await until(async () => (await clock.advance(50), server.to("/refresh").length === 1), "the refresh");
    await refreshed;
    equal(await locked("late"), [1, 0], "the lock, which was not stolen");
    ok(m.explain().some(({ what }) => what === "unlocked"), "that explain() says so");
    release();
    await free("late");
  },

  async lock_that_comes_after_its_deadline_is_given_back_at_once(t) {
    t.server();
    const clock = t.clock();
    let grant;
    t.replace(navigator, "locks", {
      request: (_name, { signal }, callback) =>
        new Promise((_resolve, reject) => {
          grant ??= callback;
          signal.addEventListener("abort", () => reject(signal.reason));
        }),
    });
    const m = await t.loggedIn({ storage: ownStore(), requestTimeout: 1 });
    const refreshed = m.refresh();
    await until(() => grant, "that the lock was asked for");
    await clock.advance(6000);
    await until(async () => (await clock.advance(50), m.explain().some(({ what }) => what === "unlocked")), "that it goes on without");
    await refreshed;
    await grant();
  },

  lock_is_done_without_where_there_are_none: (t) => goesOnWithout(t, undefined),

  lock_is_done_without_where_asking_for_it_throws: (t) =>
    goesOnWithout(t, { request() { throw new DOMException("no", "SecurityError"); } }),

  lock_is_done_without_where_asking_for_it_is_refused: (t) =>
    goesOnWithout(t, { request: () => Promise.reject(new DOMException("no", "InvalidStateError")) }),

  async lock_is_not_asked_for_where_nobody_else_can_refresh(t) {
    t.replace(navigator, "locks", { request: never });
    t.server();
    const m = await t.loggedIn({ storage: "memory" });
    await m.refresh();
    equal(await m.token(), "access-2");
  },

  async lock_of_a_manager_that_is_closed_in_the_middle_of_a_refresh_is_given_back_and_the_new_token_stored(t) {
    const server = t.server();
    const storage = ownStore();
    const m = await t.loggedIn({ storage, name: "closed" });
    const answer = later();
    server.on["/refresh"] = async () => (await answer.promise, server.grants());
    const refreshed = m.refresh().catch(({ code }) => code);
    await until(() => server.to("/refresh").length === 1, "the refresh");
    m.close();
    equal(await refreshed, "closed");
    answer.resolve();
    await free("closed");
    await until(() => storage.text.includes("refresh-2"), "the only refresh token that is good now");
  },

  async lock_lets_one_of_two_tabs_refresh_and_the_other_adopt(t) {
    const server = t.server();
    const storage = ownStore();
    const one = await t.loggedIn({ storage, name: "two" });
    await until(() => storage.text, "the session in the store");
    const two = await t.manager({ storage, name: "two" });
    await Promise.all([one.refresh(), two.refresh()]);
    equal(server.to("/refresh").length, 1, "refreshes");
    equal(await one.token(), await two.token(), "the tokens");
    await turn();
    await free("two");
  },
};
