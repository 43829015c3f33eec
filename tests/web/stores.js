// The caller's own store: asynchronous, in turn, and never trusted to answer.

import { equal, later, never, ok, ownStore, record, rejection, turn, until } from "./harness.js";

const soon = (value) => new Promise((resolve) => queueMicrotask(() => resolve(value)));

async function keepsTheSession(t, later) {
  const server = t.server();
  const storage = ownStore(null, later);
  const first = await t.loggedIn({ storage, name: "own" });
  await until(() => storage.text?.includes(server.access), "the session in the store");
  first.close();
  const second = await t.manager({ storage, name: "own" });
  equal(await second.token(), "access-1");
  await second.logout();
  await until(() => storage.text === null, "an empty store");
  second.close();
  equal((await t.manager({ storage, name: "own" })).session, null, "the session after a logout");
}

async function fallsBack(t, storage, clock) {
  t.server();
  const opening = t.manager({ storage });
  await clock?.advance(5000);
  const m = await opening;
  await clock?.advance(0);
  const login = m.login({});
  for (let i = 0; i < 4; i++) await clock?.advance(5000);
  await login;
  await until(() => (clock?.advance(0), m.warnings("storage_unavailable").length > 0), "the warning");
  equal(await m.token(), "access-1", "the token from memory");
  const { length } = storage.asked;
  await m.refresh();
  await m.logout();
  equal(storage.asked.length, length, "how often a store that failed was asked");
  equal(m.warnings("storage_unavailable").length, 1, "warnings");
  return m;
}

function broken(fault) {
  const storage = ownStore();
  for (const name of ["get", "set", "remove"]) storage[name] = () => (storage.asked.push(name), fault());
  return storage;
}

export const cases = {
  own_store_that_answers_at_once_keeps_the_session: (t) => keepsTheSession(t),

  own_store_that_answers_later_keeps_the_session: (t) => keepsTheSession(t, soon),

  own_store_that_throws_gives_way_to_memory_with_one_warning: (t) =>
    fallsBack(t, broken(() => { throw new Error("no"); })),

  own_store_that_rejects_gives_way_to_memory_with_one_warning: (t) => fallsBack(t, broken(() => Promise.reject(new Error("no")))),

  async own_store_that_never_answers_gives_way_to_memory_after_its_deadline(t) {
    const clock = t.clock();
    await fallsBack(t, broken(never), clock);
    ok(clock.delays.filter((delay) => delay === 2500).length > 1, "a deadline of 5 s, in two halves");
  },

  async own_store_that_hangs_holds_up_the_opening_no_longer_than_its_deadline(t) {
    const clock = t.clock();
    let opened = false;
    const opening = t.manager({ storage: broken(never) }).then(() => (opened = true));
    await clock.advance(4999);
    ok(!opened, "that it is still waited for");
    await clock.advance(1);
    await opening;
  },

  async own_store_that_cannot_be_written_leaves_the_session_in_memory(t) {
    const storage = ownStore();
    storage.set = () => Promise.reject(new Error("full"));
    t.server();
    const m = await t.loggedIn({ storage });
    await until(() => m.warnings("storage_unavailable").length === 1, "the warning");
    equal(await m.token(), "access-1");
    await m.refresh();
    equal(await m.token(), "access-2");
  },

  async own_store_is_asked_one_thing_at_a_time_and_in_order(t) {
    t.server();
    const storage = ownStore();
    const running = [];
    let most = 0;
    const slow = (name, act) => async (...all) => {
      running.push(name);
      most = Math.max(most, running.length);
      storage.asked.push(name);
      await soon();
      await soon();
      const done = act(...all);
      running.splice(running.indexOf(name), 1);
      return done;
    };
    Object.assign(storage, { get: slow("get", () => storage.text), set: slow("set", (_, text) => void (storage.text = text)), remove: slow("remove", () => void (storage.text = null)) });
    const m = await t.loggedIn({ storage });
    const out = m.logout();
    const again = m.login({});
    await Promise.all([out, again]);
    await until(() => storage.text?.includes("access-2"), "the second session in the store");
    await until(() => running.length === 0, "that the store is at rest");
    ok(storage.asked.includes("remove"), "that the store was emptied in between");
    equal(most, 1, "what was under way at once");
    equal(await m.token(), "access-2");
  },

  async own_store_keeps_a_newer_session_when_an_older_one_is_erased(t) {
    t.server();
    const storage = ownStore();
    const m = await t.loggedIn({ storage });
    await until(() => storage.text, "the session in the store");
    storage.text = record({ family: 9e15, access: "newer" });
    await m.logout();
    const { length } = storage.asked;
    await until(() => storage.asked.length >= length && storage.asked.at(-1) === "get", "that the store was looked at");
    ok(!storage.asked.includes("remove"), "nothing removed");
    ok(storage.text.includes("newer"), "the newer session in the store");
  },

  async own_store_that_holds_no_text_holds_nothing(t) {
    t.server();
    for (const text of [undefined, null, 7, {}, [1], true]) {
      const m = await t.manager({ storage: ownStore(text) });
      equal(m.session, null, "the session");
      await Promise.resolve();
      equal(m.warnings("storage_corrupt").length, 0, `warnings about ${String(text)}`);
    }
  },

  async own_store_that_holds_no_text_is_emptied_all_the_same(t) {
    t.server();
    for (const text of [undefined, 7, {}, [1], true]) {
      const storage = ownStore();
      const m = await t.loggedIn({ storage });
      await until(() => storage.text, "the session in the store");
      storage.text = text;
      await m.logout();
      await until(() => storage.text === null, `an empty store in place of ${JSON.stringify(text)}`);
      equal(m.warnings("storage_unavailable").length, 0, "warnings");
    }
  },

  async own_store_with_garbage_warns_and_is_left_as_it_is(t) {
    t.server();
    for (const text of ["", "}{", "null", "7", '"text"', "[]", '{"user":"ada"}', record({ version: 2 }), record({ access: "a b" }), record({ generation: 0 }), record({ generation: 1.5 }).replace("1.5", '"1"'), `[1,5,1,{"toString":"x"},null,null,0,null,null,null]`,
      '[1,5,1,"a","r",null,0,null,null,null]', '[1,5,1,"a","r r","refresh_token",0,null,null,null]', '[1,5,1,"a",null,"refresh_token",0,null,null,null]', '[1,5,1,"a",null,null,0,null,null,null,null]']) {
      const storage = ownStore(text);
      const m = await t.manager({ storage });
      equal(m.session, null, "the session");
      await until(() => m.warnings("storage_corrupt").length > 0, `a warning about ${text}`);
      equal(storage.text, text, "what the store holds");
    }
  },

  async own_store_with_a_sound_record_restores_the_session_and_counts_its_age_from_receipt(t) {
    t.server();
    const received = Date.now() - 600_000;
    const m = await t.manager({ storage: ownStore(record({ received })) });
    equal(await m.token(), "stored");
    ok(Math.abs(m.session.expiresAt - (received + 3_600_000)) < 5000, "the expiry, counted from receipt");
  },

  async own_store_that_was_read_before_a_login_was_written_does_not_end_it(t) {
    const clock = t.clock();
    t.replace(globalThis, "indexedDB", undefined);
    t.server();
    const storage = ownStore();
    const m = await t.manager({ storage });
    // The login looks at the store; the look that follows every opening comes next, and only then the login's write.
    const { get } = storage;
    const held = later();
    storage.get = () => ((storage.get = get), storage.asked.push("held"), held.promise);
    const login = m.login({});
    await until(() => storage.asked.includes("held"), "that the login looks at the store");
    await clock.advance(1);
    held.resolve(null);
    await login;
    await turn();
    equal(storage.asked.slice(-3).join(), "held,get,set", "what the store was asked");
    equal(await m.token(), "access-1");
    equal(m.events.filter(({ type }) => type === "logout").length, 0, "logouts");
  },

  async own_store_is_asked_under_the_managers_name(t) {
    t.server();
    const keys = new Set();
    const storage = { get: (key) => (keys.add(key), null), set: (key) => void keys.add(key), remove: (key) => void keys.add(key) };
    const m = await t.loggedIn({ storage, name: "shop" });
    await m.logout();
    const own = await t.loggedIn({ storage, name: "tokenkeeper" });
    await own.logout();
    await until(() => keys.size === 2, "both names");
    equal([...keys], ["tokenkeeper.shop", "tokenkeeper"], "the keys");
  },

  async own_store_that_fails_several_times_at_once_is_told_of_once(t) {
    t.server();
    const storage = ownStore();
    const m = await t.loggedIn({ storage });
    await until(() => storage.text, "the session in the store");
    const held = later();
    storage.get = () => held.promise;
    await Promise.all([m.logout(), m.login({})]);
    held.resolve(Promise.reject(new Error("gone")));
    await until(() => m.warnings("storage_unavailable").length > 0, "the warning");
    await m.logout();
    equal(m.warnings("storage_unavailable").length, 1, "warnings");
  },

  async own_store_is_not_asked_after_it_is_known_to_fail_while_a_refresh_is_under_way(t) {
    const server = t.server();
    const storage = ownStore();
    const m = await t.loggedIn({ storage });
    const held = later();
    server.on["/refresh"] = async () => (await held.promise, server.grants());
    const refreshed = m.refresh();
    await until(() => server.to("/refresh").length === 1, "the refresh");
    for (const name of ["get", "set", "remove"]) storage[name] = () => Promise.reject(new Error("gone"));
    held.resolve();
    await refreshed;
    equal(await m.token(), "access-2");
    await until(() => m.warnings("storage_unavailable").length === 1, "the warning");
  },

  async storage_that_is_none_is_refused_by_its_path(t) {
    for (const storage of ["disk", 7, {}, { get() {}, set() {} }]) {
      const error = await rejection(t.manager({ storage }));
      equal(error.code, "bad_options");
      ok(error.message.startsWith("storage "), "the option's path");
    }
  },
};
