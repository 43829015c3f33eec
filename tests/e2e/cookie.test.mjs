// The refresh token in an HttpOnly cookie, the access token in memory: what script can steal is the least.

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { world } from "./fixtures/world.mjs";

const { fresh } = await world();
const options = { server: "cookie", storage: "memory" };

const refreshCookie = async (context) => (await context.cookies()).find(({ name }) => name === "refresh");

test("script sees no refresh token: not in a cookie, not in a store", () =>
  fresh({}, async ({ open, context }) => {
    const tab = await open(options);
    await tab.login();
    const cookie = await refreshCookie(context);
    deepEqual([cookie.httpOnly, cookie.sameSite], [true, "Strict"]);
    deepEqual(await tab.run(() => [document.cookie, localStorage.length, sessionStorage.length]), ["", 0, 0]);
    equal((await tab.call()).status, 200);
  }));

test("with storage memory a reload restores the session from the cookie, with one refresh", () =>
  fresh({}, async ({ open, demo }) => {
    const tab = await open(options);
    await tab.login();
    await tab.reload();
    equal(await tab.who(), "alice");
    equal((await tab.call()).status, 200);
    equal((await demo.stats()).refreshes, 1);
  }));

test("a server that fails while the page loads is asked again, and the session comes back by itself", () =>
  fresh({}, async ({ open, demo }) => {
    const tab = await open(options);
    await tab.login();
    await demo.refreshFaults({ kind: "status" });
    await tab.reload();
    equal(await tab.who(), null);
    await tab.event({ type: "login", who: "alice", remote: false });
    equal((await tab.call()).status, 200);
  }));

test("after a logout a reload restores nothing, and the cookie is gone", () =>
  fresh({}, async ({ open, context, demo }) => {
    const tab = await open(options);
    await tab.login();
    await tab.logout();
    equal(await refreshCookie(context), undefined);
    await tab.reload();
    equal(await tab.who(), null);
    equal((await demo.stats()).refreshes, 0);
  }));

test("after a logout that the server never heard of, a reload restores nothing either", () =>
  fresh({}, async ({ open, context }) => {
    const tab = await open(options);
    await tab.login();
    await context.setOffline(true);
    await tab.logout();
    await context.setOffline(false);
    ok(await refreshCookie(context), "the cookie is still there");
    await tab.reload();
    equal(await tab.who(), null);
  }));

test("two tabs that open at once share one cookie without using it twice", () =>
  fresh({}, async ({ open, demo, context }) => {
    const first = await open(options);
    await first.login();
    await first.close();
    const tabs = await Promise.all([open(options), open(options), open(options)]);
    for (const tab of tabs) {
      equal(await tab.who(), "alice");
      equal((await tab.call()).status, 200);
    }
    equal((await demo.stats()).reuseDetected, 0);
    await Promise.all(tabs.map((tab) => tab.refresh()));
    equal((await demo.stats()).reuseDetected, 0);
    ok(await refreshCookie(context), "the cookie");
  }));

test("tabs that keep their tokens to themselves refresh by one cookie in turn, and none ends another's session", () =>
  fresh({ grace: 0 }, async ({ open, demo }) => {
    const first = await open(options);
    await first.login();
    const second = await open(options);
    for (let i = 0; i < 4; i++) for (const tab of [first, second]) deepEqual(await tab.refresh(), { value: "refreshed" });
    deepEqual([await first.who(), await second.who(), (await demo.stats()).reuseDetected], ["alice", "alice", 0]);
  }));

test("a logout in one tab ends the session in the other, whose memory the first cannot see", () =>
  fresh({}, async ({ open }) => {
    const [a, b] = [await open(options), await open(options)];
    await a.login();
    await b.reload();
    equal(await b.who(), "alice");
    await a.logout();
    const { reason, remote } = await b.event({ type: "logout" });
    deepEqual([reason, remote, await b.who()], ["user", true, null]);
  }));
