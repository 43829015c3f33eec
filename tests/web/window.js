// The web storages and the page's own events, which only a window has.

import { API, equal, later, ok, overhear, record, turn, until } from "./harness.js";

const STORAGES = { local: "localStorage", session: "sessionStorage" };

// A storage of our own making in place of the platform's.
function double(t, name, more = {}) {
  const kept = new Map();
  const storage = {
    kept,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
    ...more,
  };
  t.replaceGetter(globalThis, name, () => storage);
  return storage;
}

// A manager that looks at the store no more by itself: without a ledger to wait for, what it looks
// up after its opening is looked up in a turn, and no timer rings.
async function settled(t, name) {
  t.clock();
  t.replace(globalThis, "indexedDB", undefined);
  const m = await t.manager({ storage: "local", name });
  await turn();
  return m;
}

const full = () => {
  throw new DOMException("full", "QuotaExceededError");
};

function clean(t) {
  for (const name of Object.values(STORAGES)) {
    globalThis[name].clear();
    t.atEnd(() => globalThis[name].clear());
  }
}

async function livesInMemory(t, kind) {
  const server = t.server();
  const m = await t.loggedIn({ storage: kind });
  await until(() => m.warnings("storage_unavailable").length > 0, "the warning");
  equal(await m.token(), server.access);
  await m.refresh();
  await m.logout();
  equal(m.session, null);
  equal(m.warnings("storage_unavailable").length, 1, "warnings");
  m.close();
}

const types = (m) => m.events.map(({ type, remote }) => `${type} ${remote}`);

export const cases = {
  async web_storage_keeps_the_session_under_the_managers_name(t) {
    clean(t);
    t.server();
    for (const [kind, name] of Object.entries(STORAGES)) {
      for (const [manager, key] of [["shop", "tokenkeeper.shop"], ["tokenkeeper", "tokenkeeper"]]) {
        const first = await t.loggedIn({ storage: kind, name: manager });
        equal(Object.keys(globalThis[name]), [key], "what the storage holds");
        ok(Array.isArray(JSON.parse(globalThis[name][key])), "a record");
        const token = await first.token();
        first.close();
        const second = await t.manager({ storage: kind, name: manager });
        equal(await second.token(), token);
        await second.logout();
        equal(Object.keys(globalThis[name]), [], "what the storage holds after a logout");
        second.close();
      }
    }
  },

  async web_storage_that_is_absent_gives_way_to_memory(t) {
    for (const [kind, name] of Object.entries(STORAGES)) {
      for (const absent of [undefined, null, 7, {}]) {
        t.replace(globalThis, name, absent);
        await livesInMemory(t, kind);
      }
    }
  },

  async web_storage_that_is_forbidden_gives_way_to_memory(t) {
    for (const [kind, name] of Object.entries(STORAGES)) {
      t.replaceGetter(globalThis, name, () => { throw new DOMException("no", "SecurityError"); });
      await livesInMemory(t, kind);
    }
  },

  async web_storage_that_takes_nothing_gives_way_to_memory(t) {
    for (const [kind, name] of Object.entries(STORAGES)) {
      double(t, name, { setItem: full });
      await livesInMemory(t, kind);
    }
  },

  async web_storage_that_takes_nothing_leaves_each_tab_the_session_of_its_cookie(t) {
    double(t, "localStorage", { setItem: full });
    t.server();
    const options = { storage: "local", name: "cookies", server: { refreshVia: "cookie" } };
    const { heard } = overhear(t, "cookies");
    const [one, two] = [await t.manager(options), await t.manager(options)];
    for (let count = 0; count < 3; count++) {
      await one.refresh();
      await two.refresh();
    }
    equal([one, two].map((m) => m.warnings("storage_unavailable").length), [1, 1], "warnings");
    equal([one, two].map((m) => m.warnings("refresh_failed").length), [0, 0], "refreshes that failed");
    equal(heard, [], "what they told each other");
  },

  async web_storage_that_cannot_be_read_later_gives_way_to_memory(t) {
    for (const [kind, name] of Object.entries(STORAGES)) {
      double(t, name, { getItem: () => { throw new DOMException("no", "InvalidStateError"); } });
      await livesInMemory(t, kind);
    }
  },

  async web_storage_that_cannot_be_read_any_more_ends_no_session(t) {
    t.server();
    let broken = false;
    const storage = double(t, "localStorage", { getItem: (key) => { if (broken) throw new DOMException("no", "InvalidStateError"); return storage.kept.get(key) ?? null; } });
    const m = await t.loggedIn({ storage: "local", name: "unread" });
    broken = true;
    dispatchEvent(new StorageEvent("storage", { key: "tokenkeeper.unread" }));
    await until(() => m.warnings("storage_unavailable").length > 0, "the warning");
    equal(types(m).filter((type) => type !== "warning undefined"), ["login false"], "what else there was to hear");
    equal(await m.token(), "access-1");
  },

  async tab_that_has_just_opened_tells_others_all_the_same(t) {
    t.server();
    double(t, "localStorage").kept.set("tokenkeeper.young", record());
    const { heard } = overhear(t, "young");
    const m = await t.opened({ storage: "local", name: "young" });
    await m.logout();
    await until(() => heard.length > 0, "the end in other tabs");
  },

  async tab_hears_others_before_it_looks_at_its_ledger(t) {
    t.server();
    double(t, "localStorage");
    const order = [];
    t.replace(globalThis, "BroadcastChannel", class { constructor() { order.push("channel"); } addEventListener() {} close() {} });
    t.replace(globalThis, "indexedDB", { open() { order.push("ledger"); throw new DOMException("no", "SecurityError"); } });
    const clock = t.clock();
    await t.opened({ storage: "local" });
    equal(order, [], "what a start waits for");
    // A platform may be late with timers of no delay.
    for (const [id, { at }] of clock.timers) if (at === clock.mono) clock.timers.delete(id);
    await clock.advance(1);
    equal(order.slice(0, 2), ["channel", "ledger"]);
  },

  async tab_that_is_closed_at_once_listens_to_nothing(t) {
    t.server();
    let reads = 0;
    double(t, "localStorage", { getItem: () => (reads++, null) });
    const { heard } = overhear(t, "short");
    const m = await t.opened({ storage: "local", name: "short" });
    m.close();
    await turn();
    const before = reads;
    for (const type of ["online", "pageshow", "focus"]) dispatchEvent(new Event(type));
    document.dispatchEvent(new Event("visibilitychange"));
    await turn();
    equal(reads, before, "looks at the store");
    equal(heard, [], "messages");
  },

  async tab_that_is_closed_in_a_refresh_opens_no_channel_anew(t) {
    const server = t.server();
    const answer = later();
    server.on["/refresh"] = async () => (await answer.promise, server.grants());
    const { kept } = double(t, "localStorage");
    kept.set("tokenkeeper.closing", record());
    let open = 0;
    t.replace(globalThis, "BroadcastChannel", class { constructor() { open++; } addEventListener() {} postMessage() {} close() { open--; } });
    const m = await t.opened({ storage: "local", name: "closing" });
    m.refresh().catch(() => {});
    await until(() => server.to("/refresh").length > 0, "the refresh");
    m.close();
    answer.resolve();
    await until(() => JSON.parse(kept.get("tokenkeeper.closing"))[2] === 2, "what it brought");
    await turn();
    equal(open, 0, "channels that are open");
  },

  async page_wakes_while_its_opening_awaits_the_server(t) {
    const server = t.server();
    const answer = later();
    server.on["/refresh"] = () => answer.promise;
    let reads = 0;
    double(t, "localStorage", { getItem: () => (reads++, null) });
    const opening = t.opened({ storage: "local", server: { refreshVia: "cookie" } });
    await until(() => server.to("/refresh").length > 0, "the question");
    const before = reads;
    dispatchEvent(new Event("focus"));
    await until(() => reads > before, "a look at the store");
    answer.resolve(new Response(null, { status: 401 }));
    await opening;
  },

  async web_storage_that_takes_nothing_leaves_each_tab_its_own_login(t) {
    double(t, "localStorage", { setItem: full });
    t.server();
    const { heard } = overhear(t, "alone");
    const m = await t.loggedIn({ storage: "local", name: "alone" });
    await m.refresh();
    await turn();
    equal(heard, [], "what other tabs were told");
  },

  async web_storage_that_is_full_takes_the_next_session_in_the_place_of_the_one_it_has(t) {
    t.server();
    const storage = double(t, "localStorage", { setItem: (key, value) => (storage.kept.has(key) ? storage.kept.set(key, value) : full()) });
    storage.kept.set("tokenkeeper.place", record());
    const m = await t.loggedIn({ storage: "local", name: "place" });
    ok(storage.kept.get("tokenkeeper.place").includes("access-1"), "the login's record");
    equal(m.warnings("storage_unavailable").length, 0, "warnings");
  },

  async web_storage_that_fills_up_later_gives_way_to_memory(t) {
    for (const [kind, name] of Object.entries(STORAGES)) {
      const storage = double(t, name, { setItem: (key, value) => (value.length > 40 ? full() : storage.kept.set(key, value)) });
      await livesInMemory(t, kind);
      equal(storage.kept.size, 0, "what is left in the storage");
    }
  },

  async web_storage_with_room_for_one_record_takes_the_next_in_its_place(t) {
    t.server();
    const storage = double(t, "localStorage", { setItem: (key, value) => (storage.kept.has(key) ? full() : storage.kept.set(key, value)) });
    const m = await t.loggedIn({ storage: "local", name: "room" });
    await m.refresh();
    ok(storage.kept.get("tokenkeeper.room").includes("access-2"), "the newer record");
    equal(m.warnings("storage_unavailable").length, 0, "warnings");
  },

  async web_storage_is_not_written_before_there_is_a_session(t) {
    const written = [];
    double(t, "localStorage", { setItem: (key) => written.push(key), removeItem: (key) => written.push(key) });
    const m = await t.manager({ storage: "local", name: "quiet" });
    equal(m.session, null);
    equal(written, [], "what was written or removed");
    t.server().on["/login"] = () => new Response("no", { status: 401 });
    await m.login({}).catch(() => {});
    ok(written.length > 0 && !written.includes("tokenkeeper.quiet"), "the store to be tried, and not under the session's own key, which other tabs read");
  },

  async web_storage_that_is_full_still_gives_its_session(t) {
    const storage = double(t, "localStorage", { setItem: full });
    storage.kept.set("tokenkeeper.full", record());
    const m = await t.manager({ storage: "local", name: "full" });
    equal(await m.token(), "stored");
    equal(m.warnings("storage_unavailable").length, 0, "warnings");
  },

  async web_storage_with_garbage_warns_and_keeps_it(t) {
    clean(t);
    t.server();
    for (const text of ["", "}{", "7", "null", '"text"', "[]", '{"user":"ada","token":"x"}', '["tokenkeeper"]', record({ version: 2 }), record({ version: 0 }), record({ access: "a\u00e4" }), record({ family: -1 }), record().replace("]", ",")]) {
      localStorage.setItem("tokenkeeper.garbage", text);
      const m = await t.manager({ storage: "local", name: "garbage" });
      equal(m.session, null, "the session");
      await until(() => m.warnings("storage_corrupt").length > 0, `a warning about ${text}`);
      equal(localStorage.getItem("tokenkeeper.garbage"), text, "what the storage holds");
      m.close();
    }
    const m = await t.loggedIn({ storage: "local", name: "garbage" });
    ok(localStorage.getItem("tokenkeeper.garbage").includes("access-1"), "a login's record in its place");
    m.close();
  },

  async web_storage_keeps_a_newer_session_when_an_older_one_is_erased(t) {
    clean(t);
    t.server();
    const m = await t.loggedIn({ storage: "local", name: "newer" });
    const newer = record({ family: 9e15 });
    localStorage.setItem("tokenkeeper.newer", newer);
    await m.logout();
    equal(localStorage.getItem("tokenkeeper.newer"), newer);
  },

  async storage_event_of_our_key_brings_what_another_tab_did(t) {
    clean(t);
    const server = t.server();
    const m = await settled(t, "events");
    localStorage.setItem("tokenkeeper.events", record({ access: "theirs" }));
    dispatchEvent(new StorageEvent("storage", { key: "tokenkeeper.other" }));
    await turn();
    equal(m.session, null, "the session after an event of another key");
    dispatchEvent(new StorageEvent("storage", { key: "tokenkeeper.events" }));
    await until(() => m.session, "the session");
    equal(await m.token(), "theirs");
    localStorage.clear();
    dispatchEvent(new StorageEvent("storage", { key: null }));
    await until(() => !m.session, "the logout");
    equal(types(m), ["login true", "logout true"]);
    equal(server.calls.length, 0, "calls");
  },

  async storage_event_alone_carries_login_and_logout_where_there_is_no_channel(t) {
    clean(t);
    t.server();
    t.replace(globalThis, "BroadcastChannel", undefined);
    const frame = document.createElement("iframe");
    document.body.append(frame);
    t.atEnd(() => frame.remove());
    const m = await settled(t, "framed");
    // A write from another document of the origin: the platform itself sends the event.
    frame.contentWindow.localStorage.setItem("tokenkeeper.framed", record({ access: "framed" }));
    await until(() => m.session, "the session");
    frame.contentWindow.localStorage.removeItem("tokenkeeper.framed");
    await until(() => !m.session, "the logout");
  },

  async page_that_wakes_reads_the_store_again(t) {
    clean(t);
    t.server();
    t.replace(document, "visibilityState", "visible");
    for (const [target, type] of [[globalThis, "pageshow"], [globalThis, "focus"], [globalThis, "online"], [document, "visibilitychange"]]) {
      localStorage.clear();
      const m = await settled(t, "waking");
      localStorage.setItem("tokenkeeper.waking", record());
      target.dispatchEvent(new Event(type));
      await until(() => m.session, `the session after ${type}`);
      m.close();
    }
  },

  async page_that_is_hidden_does_not_wake(t) {
    clean(t);
    t.server();
    t.replace(document, "visibilityState", "hidden");
    const m = await settled(t, "hidden");
    localStorage.setItem("tokenkeeper.hidden", record());
    document.dispatchEvent(new Event("visibilitychange"));
    await turn();
    equal(m.session, null);
  },

  async page_is_listened_to_no_more_after_close(t) {
    t.server();
    let read = 0;
    double(t, "localStorage", { getItem: () => (read++, null) });
    const m = await settled(t, "closed");
    m.close();
    const before = read;
    for (const type of ["online", "pageshow", "focus"]) dispatchEvent(new Event(type));
    document.dispatchEvent(new Event("visibilitychange"));
    dispatchEvent(new StorageEvent("storage", { key: "tokenkeeper.closed" }));
    await turn();
    equal(read, before, "how often the storage was read");
  },

  async page_whose_base_is_elsewhere_has_its_options_read_by_it(t) {
    const server = t.server();
    const base = document.createElement("base");
    base.href = `${API}/`;
    document.head.append(base);
    t.atEnd(() => base.remove());
    const m = await t.loggedIn({ server: { login: "/login" }, resources: ["/api"] });
    await m.fetch(`${API}/api`);
    equal(server.calls.map(({ input }) => new URL(input.url ?? input).origin), [API, API]);
    equal(server.calls.at(-1).headers.get("authorization"), "Bearer access-1");
  },

  async page_whose_base_changes_has_its_addresses_judged_anew(t) {
    const server = t.server();
    server.on["/api"] = () => new Response();
    const m = await t.loggedIn({ resources: [API] });
    await m.fetch("/api");
    equal(server.calls.at(-1).headers.get("authorization"), null);
    const base = document.createElement("base");
    base.href = `${API}/`;
    document.head.append(base);
    t.atEnd(() => base.remove());
    await m.fetch("/api");
    equal(server.calls.at(-1).headers.get("authorization"), "Bearer access-1");
  },
};
