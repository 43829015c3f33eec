// What this scope has, and what is done in one tab without each of it and without all of it.

import { API, equal, isWindow, ok, ownStore, turn, until } from "./harness.js";

const without = {
  locks: (t) => t.replace(navigator, "locks", undefined),
  channel: (t) => t.replace(globalThis, "BroadcastChannel", undefined),
  storage: (t) => t.replace(globalThis, "localStorage", undefined),
  ledger: (t) => t.replace(globalThis, "indexedDB", undefined),
};

// The whole way, with the default storage or one that counts as shared in every scope.
async function works(t, names) {
  for (const storage of ["local", ownStore()]) {
    const server = t.server();
    for (const name of names) without[name](t);
    const m = await t.loggedIn({ storage });
    equal((await m.fetch(`${API}/api`)).status, 200);
    await m.refresh();
    server.on["/api"] = ({ headers }) => new Response("", { status: headers.get("authorization") === "Bearer access-3" ? 200 : 401 });
    equal((await m.fetch(`${API}/api`)).status, 200);
    equal(server.to("/refresh").length, 2, "refreshes");
    await m.logout();
    equal(m.session, null, "the session");
    await turn();
    const gone = storage === "local" && (!isWindow || names.includes("storage"));
    equal(m.warnings("storage_unavailable").length, gone ? 1 : 0, "warnings about the storage");
    m.close();
  }
}

export const cases = {
  scope_has_locks_channels_and_indexeddb() {
    ok(typeof navigator.locks?.request === "function", "navigator.locks");
    ok(typeof BroadcastChannel === "function", "BroadcastChannel");
    ok(typeof indexedDB?.open === "function", "indexedDB");
    equal(typeof localStorage === "object", isWindow, "that localStorage is the window's alone");
  },

  scope_with_all_it_has_works: (t) => works(t, []),
  scope_without_locks_works: (t) => works(t, ["locks"]),
  scope_without_channels_works: (t) => works(t, ["channel"]),
  scope_without_local_storage_works: (t) => works(t, ["storage"]),
  scope_without_indexeddb_works: (t) => works(t, ["ledger"]),
  scope_without_locks_and_indexeddb_works: (t) => works(t, ["locks", "ledger"]),
  scope_without_any_of_it_works: (t) => works(t, Object.keys(without)),

  async scope_where_the_chosen_storage_is_missing_keeps_the_session_in_memory(t) {
    if (isWindow) t.replace(globalThis, "localStorage", undefined);
    t.server();
    const m = await t.loggedIn({ storage: "local" });
    await until(() => m.warnings("storage_unavailable").length === 1, "the warning");
    equal(await m.token(), "access-1");
  },

  async scope_resolves_addresses_against_itself(t) {
    const server = t.server();
    const m = await t.loggedIn({ resources: undefined, server: { login: "/login" } });
    equal(new URL(server.calls[0].input.url).origin, location.origin);
    await m.fetch("api");
    equal(server.calls.at(-1).headers.get("authorization"), "Bearer access-1");
  },
};
