// Two tabs are one session: what happens in one shows in the other.

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { world } from "./fixtures/world.mjs";

const { fresh } = await world();

test("a login, a refresh and a logout in one tab show in the other, marked remote", () =>
  fresh({}, async ({ open, demo }) => {
    const [a, b] = [await open(), await open()];
    await a.login();
    equal((await b.event({ type: "login" })).who, "alice");
    equal(await b.who(), "alice");
    equal((await b.call()).status, 200);

    await a.refresh();
    await b.event({ type: "refresh" });
    equal((await b.token()).value, (await a.token()).value);

    await b.logout();
    const { reason } = await a.event({ type: "logout" });
    deepEqual([reason, await a.who()], ["user", null]);
    deepEqual(await a.heard(), ["login", "refresh", "logout user remote"]);
    deepEqual(await b.heard(), ["login remote", "refresh remote", "logout user"]);
    deepEqual([await a.run(() => changes), await b.run(() => changes)], [3, 3]);
    const { logins, refreshes, logouts } = await demo.stats();
    deepEqual([logins, refreshes, logouts], [1, 1, 1]);
  }));

test("a tab opened later is logged in from the start", () =>
  fresh({}, async ({ open }) => {
    await (await open()).login();
    const later = await open();
    deepEqual([await later.who(), await later.events()], ["alice", []]);
  }));

test("another user's login replaces the session in every tab", () =>
  fresh({}, async ({ open }) => {
    const [a, b] = [await open(), await open()];
    await a.login("alice");
    await b.event({ type: "login", who: "alice" });
    await b.login("bob");
    await a.event({ type: "login", who: "bob", remote: true });
    equal((await a.call("/api/me")).body.sub, "bob");
  }));

test("managers of other names, and other browsers' contexts, are left alone", () =>
  fresh({}, async ({ open, context }) => {
    const [a, other] = [await open(), await open({ name: "other" })];
    await a.login();
    await other.login("bob");
    await a.logout();
    deepEqual([await a.who(), await other.who()], [null, "bob"]);
    ok(context, "one context");
  }));

test("with storage session each tab has its own session, and a logout ends it in every tab", () =>
  fresh({}, async ({ open }) => {
    const [a, b] = [await open({ storage: "session" }), await open({ storage: "session" })];
    await a.login("alice");
    equal(await b.who(), null);
    await b.login("bob");
    equal(await a.who(), "alice");
    await a.reload();
    equal(await a.who(), "alice");
    await b.logout();
    await a.event({ type: "logout", reason: "user", remote: true });
  }));

test("no token goes through a message between tabs", () =>
  fresh({}, async ({ open }) => {
    const [a, b] = [await open(), await open()];
    await b.run(() => {
      globalThis.messages = [];
      for (const name of ["tokenkeeper:tokenkeeper", "tokenkeeper"]) {
        new BroadcastChannel(name).onmessage = ({ data }) => messages.push(JSON.stringify(data));
      }
    });
    await a.login();
    const tokens = [(await a.token()).value];
    await a.refresh();
    tokens.push((await a.token()).value);
    await a.logout();
    await b.until(() => messages.length >= 3);
    const messages = (await b.run(() => globalThis.messages)).join();
    ok(tokens.every((token) => !messages.includes(token) && !messages.includes(token.split(".")[2])), "no access token");
    ok(!/[\w-]{24,}/.test(messages), `nothing that could be a token: ${messages}`);
  }));

for (const [what, remove] of Object.entries({
  "navigator.locks": () => Object.defineProperty(Navigator.prototype, "locks", { value: undefined }),
  "BroadcastChannel": () => delete globalThis.BroadcastChannel,
  "indexedDB": () => Object.defineProperty(globalThis, "indexedDB", { value: undefined }),
  "all three": () => {
    Object.defineProperty(Navigator.prototype, "locks", { value: undefined });
    delete globalThis.BroadcastChannel;
    Object.defineProperty(globalThis, "indexedDB", { value: undefined });
  },
})) {
  test(`without ${what} two tabs still share login, refresh and logout`, () =>
    fresh({}, async ({ open, context, demo }) => {
      await context.addInitScript(remove);
      const [a, b] = [await open(), await open()];
      await a.login();
      await b.event({ type: "login", remote: true });
      await demo.lab("expire-access");
      equal((await a.call()).status, 200);
      await b.event({ type: "refresh", remote: true });
      equal((await b.call()).status, 200);
      await b.logout();
      await a.event({ type: "logout", remote: true });
      deepEqual([(await demo.stats()).refreshes, (await demo.stats()).reuseDetected], [1, 0]);
    }));
}
