// Stores that hold garbage, are full, or are forbidden: the page goes on, and is told.

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { world } from "./fixtures/world.mjs";

const { fresh } = await world();

const garbage = ["}{", "null", "[]", "7", '"text"', "{}", '{"user":"ada"}', "\u0000\uffff", "x".repeat(100_000), "[1]", '[2,5,1,"a",null,null,0,null,null,null]', '[1,5,1,"\\u0000",null,null,0,null,null,null]', '{"0":1,"1":5,"2":1,"3":"a","6":0,"length":10}'];
test("whatever stands under our name in localStorage, the page opens, warns, and one can log in", () =>
  fresh({}, async ({ open }) => {
    const tab = await open();
    for (const text of garbage) {
      await tab.run((text) => localStorage.setItem("tokenkeeper", text), text);
      await tab.reload();
      equal(await tab.who(), null);
      await tab.event({ type: "warning", code: "storage_corrupt" });
    }
    await tab.login();
    await tab.reload();
    equal(await tab.who(), "alice");
  }));

test("a record that somebody changed is not believed further than it goes", () =>
  fresh({}, async ({ open }) => {
    const tab = await open();
    await tab.login();
    const record = await tab.run(() => JSON.parse(localStorage.getItem("tokenkeeper")));
    for (const [place] of record.entries()) {
      for (const value of [null, -1, "", {}, 1e300]) {
        await tab.run((record) => localStorage.setItem("tokenkeeper", JSON.stringify(record)), record.with(place, value));
        await tab.reload();
        const { status, error } = await tab.call("/public/time");
        ok(status === 200 || error.ours, `a response or an error of ours with ${JSON.stringify(value)} in place ${place}`);
      }
    }
  }));

const forbid = () => {
  for (const name of ["localStorage", "sessionStorage"]) {
    Object.defineProperty(globalThis, name, { get() { throw new DOMException("forbidden", "SecurityError"); } });
  }
};
const readOnly = () => {
  Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };
};
for (const [what, script] of [["is forbidden", forbid], ["takes nothing", readOnly]]) {
  for (const storage of ["local", "session"]) {
    test(`when ${storage}Storage ${what}, the session lives in memory and a warning says so`, () =>
      fresh({}, async ({ open, context, demo }) => {
        await context.addInitScript(script);
        const tab = await open({ storage });
        await tab.login();
        await tab.event({ type: "warning", code: "storage_unavailable" });
        await demo.lab("expire-access");
        equal((await tab.call()).status, 200);
        await tab.logout();
        await tab.login();
        equal((await tab.heard()).filter((event) => event.includes("storage_unavailable")).length, 1);
        await tab.reload();
        equal(await tab.who(), null);
      }));
  }
}

test("where localStorage is forbidden, each tab's session is its own, and a logout ends them all", () =>
  fresh({ grace: 0 }, async ({ context, open }) => {
    await context.addInitScript(forbid);
    const [a, b] = [await open(), await open()];
    await a.login("alice");
    await b.login("bob");
    for (let i = 0; i < 4; i++) deepEqual([await a.refresh(), await b.refresh()], [{ value: "refreshed" }, { value: "refreshed" }]);
    deepEqual([await a.who(), await b.who()], ["alice", "bob"]);
    await a.logout();
    await b.event({ type: "logout", reason: "user", remote: true });
  }));

test("when localStorage is full, the session lives in memory and a warning says so", () =>
  fresh({}, async ({ open, demo }) => {
    const tab = await open();
    await tab.run(() => {
      for (let size = 1 << 20; size >= 1; size = Math.floor(size / 2)) {
        for (let i = 0; ; i++) {
          try {
            localStorage.setItem(`fill-${size}-${i}`, "x".repeat(size));
          } catch {
            break;
          }
        }
      }
    });
    await tab.login();
    await tab.event({ type: "warning", code: "storage_unavailable" });
    await demo.lab("expire-access");
    equal((await tab.call()).status, 200);
    equal(await tab.who(), "alice");
  }));

test("when localStorage is emptied by another tab or by the user, the session ends", () =>
  fresh({}, async ({ open }) => {
    const tab = await open();
    await tab.login();
    const other = await open({ name: "another" });
    await other.run(() => localStorage.clear());
    await tab.event({ type: "logout", remote: true });
    equal(await tab.who(), null);
  }));

test("two managers in one page under different names keep out of each other's way", () =>
  fresh({}, async ({ open }) => {
    const tab = await open({ name: "a" });
    await tab.login("alice");
    await tab.run(async () => {
      globalThis.first = manager;
      await open({ name: "b" });
    });
    await tab.login("bob");
    deepEqual(await tab.run(() => [first.session.claims.sub, manager.session.claims.sub]), ["alice", "bob"]);
  }));
