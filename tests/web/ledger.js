// The ledger in IndexedDB: what orders the tabs where the store cannot, and what is done without it.
// A store of the caller's own counts as shared with other tabs, in every scope.

import { handsOf } from "../../pkg/hands.js";
import { equal, later, never, ok, ownStore, record, turn, until } from "./harness.js";

const settled = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

async function ledger(name, entry) {
  const opening = indexedDB.open("tokenkeeper", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("ledger");
  const database = await settled(opening);
  try {
    const table = database.transaction("ledger", "readwrite").objectStore("ledger");
    if (entry !== undefined) await settled(table.put(entry, `tokenkeeper:${name}`));
    return await settled(table.get(`tokenkeeper:${name}`));
  } finally {
    database.close();
  }
}

const notes = (m, what) => m.explain().filter((entry) => entry.what === what);

// With an IndexedDB like this one a login and a refresh work, and the tab knows that it has no ledger.
async function goesOnWithout(t, indexedDB) {
  t.replace(globalThis, "indexedDB", indexedDB);
  t.clock(); // and stands still: no deadline helps
  t.server();
  const m = await t.loggedIn({ storage: ownStore() });
  await m.refresh();
  equal(await m.token(), "access-2");
  ok(notes(m, "held the lock").length > 0, "that the lock was held instead");
}

// It does not answer within its deadline, but `late` after all.
async function comesBack(t, name, late) {
  const clock = t.clock();
  await ledger(name);
  const real = indexedDB;
  const request = {};
  t.replace(globalThis, "indexedDB", { open: () => request });
  t.server();
  const m = await t.manager({ storage: ownStore(record()), name });
  const refresh = async () => {
    let over;
    m.refresh().finally(() => (over = true));
    await until(async () => (await clock.advance(100), over), "the refresh");
  };
  await refresh();
  await until(async () => (await clock.advance(100), notes(m, "held the lock").length > 0), "that the lock was held instead");
  t.replace(globalThis, "indexedDB", real);
  await late(request);
  await until(async () => (await refresh(), (await ledger(name))?.[1] > 2), "the entry");
}

export const cases = {
  async ledger_says_which_session_is_the_newest_and_holds_no_token(t) {
    t.server();
    const m = await t.loggedIn({ storage: ownStore(), name: "newest" });
    const [family, generation, intent, ...more] = await until(() => ledger("newest"), "an entry");
    ok(family > 1e15 && family < 2 ** 53, "a family");
    equal([generation, intent, more], [1, null, []], "the entry");
    await m.refresh();
    await until(async () => (await ledger("newest"))[1] === 2, "the second generation");
    equal(await ledger("newest"), [family, 2, null], "the entry after a refresh");
    await m.logout();
    const end = await until(async () => (await ledger("newest"))[1] === 0 && ledger("newest"), "the end");
    ok(end[0] > family, "an end that comes after");
  },

  async ledger_has_the_end_when_a_logout_is_over_so_that_a_reload_restores_nothing(t) {
    const server = t.server();
    const m = await t.loggedIn({ storage: "memory", name: "end", server: { refreshVia: "cookie" } });
    await until(() => ledger("end"), "an entry");
    // Somebody else is writing, and so long nobody is.
    const database = await settled(indexedDB.open("tokenkeeper", 1));
    const table = database.transaction("ledger", "readwrite").objectStore("ledger");
    let writing = true;
    const written = (async () => {
      while (writing) await settled(table.get("other"));
    })();
    let over = false;
    const logout = m.logout().then(() => (over = true));
    await until(() => server.to("/logout").length === 1, "that the server heard of it");
    await turn(10);
    equal(over, false, "whether the logout is over");
    writing = false;
    await Promise.all([written, logout]);
    database.close();
    equal((await ledger("end"))[1], 0, "the end");
  },

  async ledger_has_the_intent_before_the_refresh_is_sent_and_not_after_it(t) {
    const server = t.server();
    const m = await t.loggedIn({ storage: ownStore(), name: "intent" });
    let during;
    server.on["/refresh"] = async () => {
      during = await ledger("intent");
      return server.grants();
    };
    await m.refresh();
    ok(Math.abs(during[2] - Date.now()) < 10_000, "the moment of the intent");
    equal(during[1], 1, "the session that it is for");
    await until(async () => (await ledger("intent"))[2] === undefined, "that it is cleared");
  },

  async ledger_keeps_the_intent_when_the_answer_is_lost(t) {
    const server = t.server();
    const m = await t.loggedIn({ storage: ownStore(), name: "lost" });
    server.on["/refresh"] = () => { throw new TypeError("gone"); };
    await m.refresh().catch(() => {});
    await turn();
    ok((await ledger("lost"))[2] > 0, "the intent");
  },

  async ledger_only_goes_forward(t) {
    t.server();
    await ledger("forward", [9e15, 7, null]);
    const storage = ownStore();
    const m = await t.loggedIn({ storage, name: "forward" });
    const first = await until(async () => (await ledger("forward"))[0] > 9e15 && ledger("forward"), "the login after what was there");
    // Another tab has logged out long since, and this one does not know.
    await ledger("forward", [first[0] + 5, 0, null]);
    await m.refresh().catch(() => {});
    await turn();
    equal(await ledger("forward"), [first[0] + 5, 0, null], "the entry");
    // Two tabs write at once: nobody can look before the other's write, so the hands are asked directly.
    const noted = [];
    const settings = { name: "racing", server: {}, place: { shared: true }, paged: true, contended: true, deadline: 20_000 };
    const hands = handsOf({ keeper: { noted: (attempt, written) => (noted[attempt] = written) } }, settings);
    const entries = [[5, 2, 70_000], [5, 1], [4, 9], [5, 0], [5, 2, 89_999], [5, 2, 50_001], [5, 2, 90_000], [5, 2], [5, 2, 90_001], [5, 3, 90_002]];
    entries.forEach((entry, attempt) => hands.note(attempt, entry));
    await until(() => noted.length === entries.length && !noted.includes(undefined), "that all was noted");
    equal(noted, [true, false, false, false, false, false, true, true, true, true], "which were written");
    equal(await ledger("racing"), [5, 3, 90_002], "the entry after late writers");
  },

  async ledger_lets_one_of_two_tabs_refresh_where_there_is_no_lock(t) {
    t.replace(navigator, "locks", undefined);
    const server = t.server();
    const storage = ownStore();
    const one = await t.loggedIn({ storage, name: "unlocked" });
    await until(() => storage.text, "the session in the store");
    const two = await t.manager({ storage, name: "unlocked" });
    const answer = later();
    server.on["/refresh"] = async () => (await answer.promise, server.grants());
    const refreshed = Promise.all([one.refresh(), two.refresh()]);
    await until(() => [one, two].some((m) => notes(m, "waiting").length > 0), "that explain() says who waits");
    answer.resolve();
    await refreshed;
    equal(server.to("/refresh").length, 1, "refreshes");
    equal(await one.token(), await two.token(), "the tokens");
  },

  async ledger_ahead_of_the_store_is_waited_for_and_the_token_not_sent(t) {
    const server = t.server();
    const storage = ownStore(record());
    await ledger("ahead", [5, 2, null]);
    const m = await t.manager({ storage, name: "ahead" });
    const reply = m.refresh();
    await until(() => storage.asked.length > 4, "that the store is looked at again");
    storage.text = record({ generation: 2, access: "adopted" });
    await reply;
    equal(await m.token(), "adopted");
    equal(server.calls.length, 0, "calls to the server");
  },

  async ledger_entry_that_is_no_entry_of_ours_is_nothing(t) {
    t.server();
    for (const garbage of ["x", 7, {}, [], [1], ["1", "2", "3"], [-1, 1, null], [5, 1e99, null], [2 ** 60, 1, null], [NaN, 1, 1], [[5], [1]], new Date(), new Map()]) {
      await ledger("garbage", garbage);
      const m = await t.loggedIn({ storage: ownStore(), name: "garbage" });
      await m.refresh();
      await until(async () => (await ledger("garbage"))?.[1] === 2, "an entry of ours");
      m.close();
    }
  },

  ledger_is_done_without_where_there_is_no_indexeddb: (t) => goesOnWithout(t, undefined),

  ledger_is_done_without_where_indexeddb_throws: (t) =>
    goesOnWithout(t, { open() { throw new DOMException("no", "SecurityError"); } }),

  ledger_is_done_without_where_indexeddb_refuses: (t) =>
    goesOnWithout(t, { open() { const request = {}; queueMicrotask(() => request.onerror()); return request; } }),

  ledger_is_done_without_where_indexeddb_is_blocked: (t) =>
    goesOnWithout(t, { open() { const request = {}; queueMicrotask(() => request.onblocked?.()); return request; } }),

  async ledger_that_never_answers_is_given_up_within_its_deadline_and_not_asked_again(t) {
    const clock = t.clock();
    let opened = 0;
    t.replace(globalThis, "indexedDB", { open: () => (opened++, {}) });
    const server = t.server();
    const storage = ownStore(record());
    const m = await t.manager({ storage });
    await until(async () => (await clock.advance(1), opened > 0), "that IndexedDB was asked");
    await clock.advance(999);
    const refreshed = m.refresh();
    await turn();
    equal(server.calls.length, 0, "calls before the deadline");
    await clock.advance(1);
    await until(async () => (await clock.advance(0), server.to("/refresh").length === 1), "the refresh");
    await refreshed;
    await until(async () => (await clock.advance(100), notes(m, "held the lock").length > 0), "that the lock was held");
    const before = opened;
    await m.refresh();
    equal(opened, before, "how often IndexedDB was asked");
  },

  ledger_that_answers_too_late_is_asked_the_next_time: (t) =>
    comesBack(t, "slow", async (request) => {
      request.result = await settled(indexedDB.open("tokenkeeper", 1));
      request.onsuccess();
    }),

  ledger_that_fails_too_late_is_asked_the_next_time: (t) => comesBack(t, "broken", (request) => request.onerror()),

  async ledger_whose_writes_come_to_nothing_is_done_without(t) {
    t.server();
    const { put } = IDBObjectStore.prototype;
    t.replace(IDBObjectStore.prototype, "put", function (...all) {
      const request = put.apply(this, all);
      request.addEventListener("success", () => this.transaction.abort()); // as a full disk does
      return request;
    });
    const m = await t.loggedIn({ storage: ownStore() });
    await m.refresh();
    await until(() => notes(m, "held the lock").length > 0, "that the lock was held instead");
  },

  async ledger_that_breaks_between_look_and_write_is_no_reason_not_to_refresh(t) {
    const server = t.server();
    const m = await t.loggedIn({ storage: ownStore() });
    await turn();
    server.on["/refresh"] = () => {
      t.replace(globalThis, "indexedDB", { open() { throw new Error("gone"); } });
      return server.grants();
    };
    await m.refresh();
    equal(await m.token(), "access-2");
  },

  async ledger_that_fails_once_is_asked_the_next_time(t) {
    const server = t.server();
    const m = await t.loggedIn({ storage: ownStore(), name: "once" });
    await turn();
    const real = indexedDB;
    t.replace(globalThis, "indexedDB", { open() { throw new Error("gone"); } });
    await m.refresh();
    t.replace(globalThis, "indexedDB", real);
    let intent;
    server.on["/refresh"] = async () => {
      intent = (await ledger("once"))[2];
      return server.grants();
    };
    await m.refresh();
    ok(typeof intent === "number", "an intent, written before the refresh was sent");
  },

  async ledger_closes_every_connection_that_it_opens(t) {
    const open = new Set(); // the test's own: an earlier test may still be closing one
    const real = indexedDB;
    t.replace(globalThis, "indexedDB", {
      open(...all) {
        const request = real.open(...all);
        request.addEventListener("success", () => open.add(request.result));
        return request;
      },
    });
    const close = IDBDatabase.prototype.close;
    t.replace(IDBDatabase.prototype, "close", function () {
      open.delete(this);
      return close.call(this);
    });
    t.server();
    const m = await t.loggedIn({ storage: ownStore() });
    await m.refresh();
    await m.logout();
    await until(async () => open.size === 0 && (await turn(10), open.size === 0), "no open connection");
  },

  async ledger_is_not_asked_about_a_session_that_no_other_tab_has(t) {
    let opened = 0;
    t.replace(globalThis, "indexedDB", { open: () => (opened++, {}) });
    t.replace(navigator, "locks", { request: never });
    t.server();
    t.replace(globalThis, "localStorage", undefined);
    for (const storage of ["memory", "local"]) {
      const m = await t.loggedIn({ storage });
      await m.refresh();
      equal(opened, 0, `how often IndexedDB was asked with a storage that is ${storage}`);
    }
  },
};
