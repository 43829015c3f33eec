// Other tabs: messages, and what wakes a page. Managers of one name on one store are tabs to each other.

import { equal, later, ok, overhear, ownStore, record, turn, until } from "./harness.js";

const types = (m) => m.events.map(({ type, remote, reason }) => [type, remote, reason].filter((part) => part !== undefined).join(" "));

export const cases = {
  async tabs_hear_of_login_refresh_and_logout(t) {
    const server = t.server();
    const storage = ownStore();
    const one = await t.manager({ storage, name: "tabs" });
    const two = await t.manager({ storage, name: "tabs" });
    await one.login({});
    await until(() => two.session, "the login in the other tab");
    equal(await two.token(), server.access);
    await two.refresh();
    await until(() => types(one).includes("refresh true"), "the refresh in the other tab");
    equal(await one.token(), "access-2");
    await one.logout();
    await until(() => !two.session, "the logout in the other tab");
    equal(types(one), ["login false", "refresh true", "logout false user"]);
    equal(types(two), ["login true", "refresh false", "logout true user"]);
  },

  async tabs_that_log_in_in_the_same_millisecond_are_told_apart(t) {
    t.server();
    t.clock();
    const stores = Array.from({ length: 4 }, () => ownStore());
    for (const storage of stores) await t.loggedIn({ storage });
    ok(new Set(stores.map(({ text }) => JSON.parse(text)[1])).size > 1, "families that differ");
  },

  async tabs_of_another_name_hear_nothing(t) {
    t.server();
    const storage = { get: () => null, set() {}, remove() {} };
    const one = await t.manager({ storage, name: "mine" });
    const other = await t.manager({ storage, name: "theirs" });
    const { heard } = overhear(t, "mine");
    await one.login({});
    await until(() => heard.length > 0, "a message");
    equal(other.events.length, 0, "what the other heard");
  },

  async messages_hold_stamps_and_a_reason_and_no_token(t) {
    const server = t.server();
    const { heard } = overhear(t, "tokenless");
    const m = await t.loggedIn({ storage: ownStore(), name: "tokenless" });
    await m.refresh();
    await m.refresh();
    await m.logout();
    await m.login({});
    server.on["/refresh"] = () => new Response('{"error":"reuse of refresh-4"}', { status: 401 });
    await m.refresh().catch(() => {});
    await until(() => heard.length >= 6, "a message for each change");
    await turn();
    for (const message of heard) {
      const [family, generation, reason, ...more] = message;
      ok(Number.isSafeInteger(family) && Number.isSafeInteger(generation), "a stamp");
      ok([undefined, 0, 1, 2].includes(reason), `the number of a reason, got ${reason}`);
      equal(more.length, 0, "what else is in a message");
    }
  },

  async message_of_an_end_has_its_reason(t) {
    t.server();
    for (const [number, reason] of ["expired", "refresh_rejected", "user"].entries()) {
      const name = `ends-${reason}`;
      const { say } = overhear(t, name);
      const m = await t.manager({ storage: ownStore(record({ family: 5 })), name });
      say([5, 2 ** 32 - 1, number]);
      await until(() => !m.session, "the end");
      equal(types(m), [`logout true ${reason}`]);
    }
  },

  async message_that_comes_while_the_store_is_read_at_the_opening_is_heard(t) {
    t.server();
    t.replace(globalThis, "indexedDB", undefined);
    const { say } = overhear(t, "early");
    const storage = ownStore(record({ family: 5 }));
    const { get } = storage;
    const held = later();
    storage.get = async () => (await held.promise, get());
    const opening = t.manager({ storage, name: "early" });
    say([5, 2 ** 32 - 1, 1]);
    await turn();
    held.resolve();
    const m = await opening;
    await until(() => !m.session, "the end");
  },

  async messages_that_are_garbage_change_nothing(t) {
    const server = t.server();
    const { say } = overhear(t, "garbage");
    const storage = ownStore();
    const m = await t.loggedIn({ storage, name: "garbage" });
    const { session } = m;
    const listened = later();
    const channel = new BroadcastChannel("tokenkeeper:garbage");
    t.atEnd(() => channel.close());
    channel.onmessage = ({ data }) => data === "the last" && listened.resolve();
    const cyclic = [1, 2];
    cyclic.push(cyclic);
    for (const message of [
      undefined, null, "", "text", 7, NaN, {}, [], [1], [1, 2, "no reason"], ["1", "2", "user"], [-1, 0, "user"],
      [NaN, 0, "user"], [Infinity, 0, "user"], [2 ** 60, 0, "user"], [2 ** 52, 2 ** 40, "user"], [[1], [2]], cyclic, new Map([[0, 1]]),
      new Uint8Array(4), new Date(), { 0: 2 ** 52, 1: 0, 2: "user", length: 3 }, [2 ** 52, null, "user"], [2 ** 52, -1, "user"], [{}, {}, {}, {}], 1n, [1n, 1n],
    ]) say(message);
    say("the last");
    await listened.promise;
    await turn();
    ok(m.session === session, "the same session");
    equal(m.events.length, 1, "events since the login");
    equal(await m.token(), server.access);
  },

  async message_that_claims_the_last_stamp_there_is_keeps_no_logout_from_emptying_the_store(t) {
    t.server();
    const { say } = overhear(t, "last");
    const storage = ownStore();
    const m = await t.loggedIn({ storage, name: "last" });
    const heard = later();
    const channel = new BroadcastChannel("tokenkeeper:last");
    t.atEnd(() => channel.close());
    channel.onmessage = heard.resolve;
    say([Number.MAX_SAFE_INTEGER, 1]);
    await heard.promise;
    await turn();
    await m.logout();
    equal(storage.text, null, "what the store holds");
  },

  async messages_are_done_without_where_there_is_no_channel(t) {
    const forbidden = class { constructor() { throw new DOMException("no", "SecurityError"); } };
    t.server();
    for (const channel of [undefined, forbidden]) {
      t.replace(globalThis, "BroadcastChannel", channel);
      const m = await t.loggedIn({ storage: ownStore() });
      await m.refresh();
      await m.logout();
      equal(m.session, null, "the session");
    }
  },

  async channel_is_closed_with_its_manager(t) {
    let open = 0;
    const Real = BroadcastChannel;
    t.replace(globalThis, "BroadcastChannel", class extends Real {
      constructor(name) {
        super(name);
        open++;
      }
      close() {
        open--;
        super.close();
      }
    });
    t.server();
    const m = await t.loggedIn();
    equal(open, 1, "open channels");
    m.close();
    m.close();
    equal(open, 0, "open channels after close()");
    await m.logout().catch(() => {});
  },

  async coming_online_has_the_store_read_again(t) {
    t.server();
    const storage = ownStore();
    const m = await t.manager({ storage });
    storage.text = record();
    dispatchEvent(new Event("online"));
    await until(() => m.session, "the session that another tab left in the store");
    equal(types(m), ["login true"]);
  },

  async coming_online_ends_the_wait_after_a_failure(t) {
    const server = t.server();
    const clock = t.clock();
    const m = await t.loggedIn({ refreshMargin: 60 });
    server.on["/refresh"] = () => { throw new TypeError("offline"); };
    await clock.advance(3_541_000);
    await until(async () => (await clock.advance(0), server.to("/refresh").length >= 1), "the refresh that fails");
    await until(() => m.warnings("refresh_failed").length >= 1, "the warning");
    const { length } = server.to("/refresh");
    server.on["/refresh"] = () => server.grants();
    dispatchEvent(new Event("online"));
    await until(async () => (await clock.advance(0), server.to("/refresh").length === length + 1), "the refresh at once");
    equal(await m.token(), "access-2");
  },

  async nothing_is_listened_to_after_close(t) {
    t.server();
    const storage = ownStore();
    const m = await t.manager({ storage, name: "silent" });
    const { say } = overhear(t, "silent");
    await until(() => storage.asked.length === 2, "that the opening is over");
    m.close();
    const { length } = storage.asked;
    for (const type of ["online", "pageshow", "focus", "storage"]) dispatchEvent(new Event(type));
    say([2 ** 52, 1, null]);
    await turn();
    equal(storage.asked.length, length, "how often the store was asked");
  },
};
