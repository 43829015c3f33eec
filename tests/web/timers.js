// Timers: a hint that the core is asked again, within what a platform can count.

import { API, equal, near, never, ok, ownStore, until } from "./harness.js";

const DAY = 86_400_000;
const LONGEST = 2 ** 31 - 1;

// What is under way with the ledger, perhaps another case's, is the platform's and in no hurry: it ends first.
const only = (count, clock, step = 0) => until(async () => (await clock.advance(step), clock.timers.size === count), `that timers that are set are ${count}`);

export const cases = {
  async timer_refreshes_ahead_of_expiry_by_the_margin(t) {
    const server = t.server();
    const clock = t.clock();
    for (const [refreshMargin, due] of [[100, 3_500_000], [undefined, 3_540_000], [0, 3_600_000]]) {
      server.calls.length = 0;
      const m = await t.loggedIn({ refreshMargin });
      await clock.advance(due - 1_000);
      equal(server.to("/refresh").length, 0, `refreshes before the margin of ${refreshMargin}`);
      await clock.advance(1_100);
      await until(() => server.to("/refresh").length === 1, "the refresh");
      await until(() => m.events.at(-1).type === "refresh", "the event");
      m.close();
    }
  },

  async timer_that_a_platform_cannot_count_is_cut_and_set_again(t) {
    const server = t.server();
    server.lifetime = (60 * DAY) / 1000;
    const clock = t.clock();
    await t.loggedIn();
    await clock.advance(24 * DAY);
    await clock.advance(24 * DAY);
    equal(server.to("/refresh").length, 0, "refreshes after 48 of 60 days");
    ok(clock.delays.every((delay) => delay <= LONGEST), "delays that a platform can count");
    ok(clock.delays.includes(LONGEST), "the longest of them");
    ok(clock.timers.size > 0, "a timer, set again");
    await clock.advance(12 * DAY - 55_000); // no further than the refresh may take
    await until(() => server.to("/refresh").length === 1, "the refresh on the last day");
  },

  async timers_do_not_grow_in_number(t) {
    t.server();
    const clock = t.clock();
    const m = await t.loggedIn();
    for (let i = 0; i < 20; i++) await m.refresh();
    await only(1, clock);
  },

  async timers_are_gone_after_close(t) {
    t.server();
    const clock = t.clock();
    const idle = await t.loggedIn();
    await only(1, clock);
    idle.close();
    await only(0, clock);
    const m = await t.loggedIn({ storage: ownStore() });
    await m.refresh();
    m.close();
    await only(0, clock, 100);
    equal(await m.token().catch(({ code }) => code), "closed");
    await only(0, clock, 100);
  },

  async timer_does_not_refresh_where_that_is_not_wanted(t) {
    const server = t.server();
    const clock = t.clock();
    const m = await t.loggedIn({ autoRefresh: false });
    await clock.advance(3_590_000);
    equal(server.to("/refresh").length, 0, "refreshes that nobody asked for");
    equal(await m.token(), "access-2");
  },

  async timer_ends_a_session_that_no_address_is_given_to_renew(t) {
    const server = t.server();
    const clock = t.clock();
    const m = await t.loggedIn({ server: { refresh: undefined } });
    await clock.advance(3_601_000);
    equal(m.events.filter(({ type }) => type === "logout").map(({ reason }) => reason), ["expired"]);
    equal(server.to("/refresh").length, 0, "refreshes");
  },

  async timer_of_a_lock_is_gone_once_it_is_had_or_cannot_be(t) {
    t.server();
    for (const locks of [navigator.locks, undefined]) {
      t.replace(navigator, "locks", locks);
      const clock = t.clock();
      const m = await t.loggedIn({ storage: ownStore() });
      await m.refresh();
      ok(clock.delays.includes(20_000), "the deadline of the request, and 5 s more");
      ok([...clock.timers.values()].every(({ at }) => at !== clock.mono + 20_000), "that its timer is gone");
    }
  },

  async timer_may_let_a_process_end(t) {
    t.server();
    const real = globalThis.setTimeout;
    let unref = 0;
    t.replace(globalThis, "setTimeout", (...all) => ({ id: real(...all), unref: () => unref++ }));
    t.replace(globalThis, "clearTimeout", () => {});
    await t.loggedIn();
    ok(unref > 0, "that the alarm was unref'd");
  },

  async timer_that_rings_early_or_late_is_only_a_hint(t) {
    const server = t.server();
    const clock = t.clock();
    const m = await t.loggedIn();
    for (const timer of [...clock.timers.values()]) timer.call();
    equal(server.to("/refresh").length, 0, "refreshes at a timer that rang early");
    // The page slept through the timer.
    clock.mono += 4_000_000;
    clock.wall += 4_000_000;
    equal(await m.token(), "access-2");
  },

  async clock_that_is_set_back_is_told_and_ends_nothing(t) {
    t.server();
    const clock = t.clock();
    const m = await t.loggedIn();
    const before = m.session.expiresAt;
    const shown = [];
    m.subscribe(() => shown.push(m.session.expiresAt));
    clock.mono += 10_000;
    clock.wall -= 3_590_000;
    equal(await m.token(), "access-1");
    dispatchEvent(new Event("online"));
    await until(() => m.warnings("clock_skew").length === 1, "the warning");
    near(m.warnings("clock_skew")[0].skewMs, -3_600_000, 20, "skewMs");
    near(m.session.expiresAt, before - 3_600_000, 20, "the expiry on the clock as it is now");
    equal(shown.at(-1), m.session.expiresAt, "the expiry that a subscriber was called for");
  },

  async token_that_expired_after_the_clock_was_set_back_is_not_used(t) {
    const server = t.server();
    const clock = t.clock();
    const m = await t.loggedIn({ autoRefresh: false });
    clock.wall -= 36_000_000;
    clock.sleep(4_000_000);
    await m.fetch(`${API}/api`);
    equal(server.to("/api").map(({ headers }) => headers.get("authorization")), ["Bearer access-2"]);
  },

  async request_that_never_ends_leaves_no_timer_behind(t) {
    const server = t.server();
    const clock = t.clock();
    const m = await t.manager();
    server.on["/login"] = never;
    const login = m.login({}).catch(({ code }) => code);
    await clock.advance(15_000);
    equal(await login, "timeout");
    equal(clock.timers.size, 0, "timers that are set");
  },
};
