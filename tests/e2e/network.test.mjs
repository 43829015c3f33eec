// A network that comes and goes, and answers that get lost on the way.

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { world } from "./fixtures/world.mjs";

const { fresh } = await world();

test("offline, a call fails as the platform's fetch does, a refresh with network, and the session stays", () =>
  fresh({}, async ({ open, context }) => {
    const tab = await open();
    await tab.login();
    await context.setOffline(true);
    const [theirs, ours] = await tab.run(() => Promise.all([outcome(fetch("/api/orders")), outcome(manager.fetch("/api/orders"))]));
    deepEqual([ours.error.name, ours.error.message, ours.error.ours], [theirs.error.name, theirs.error.message, false]);
    const { error } = await tab.refresh();
    deepEqual([error.code, error.retryable], ["network", true]);
    equal(await tab.who(), "alice");
    await context.setOffline(false);
    equal((await tab.call()).status, 200);
    deepEqual(await tab.heard(), ["login", "warning refresh_failed"]);
  }));

test("offline with an expired token, a call rejects with network; back online it works, and the refresh came by itself", () =>
  fresh({ accessTtl: 2 }, async ({ open, context, demo }) => {
    const tab = await open();
    await tab.login();
    await context.setOffline(true);
    await tab.until(() => Date.now() > manager.session.expiresAt);
    const { error } = await tab.call();
    deepEqual([error.ours, error.code, error.retryable], [true, "network", true]);
    equal(await tab.who(), "alice");
    await context.setOffline(false);
    await tab.event({ type: "refresh" });
    equal((await tab.call()).status, 200);
    equal((await demo.stats()).reuseDetected, 0);
  }));

test("a login while offline rejects with network, and works afterwards", () =>
  fresh({}, async ({ open, context }) => {
    const tab = await open();
    await context.setOffline(true);
    equal((await tab.login()).error.code, "network");
    await context.setOffline(false);
    equal((await tab.login()).value, "alice");
  }));

test("a refresh that never reached the server is tried again, and the session goes on", () =>
  fresh({}, async ({ open, demo }) => {
    const tab = await open();
    await tab.login();
    await demo.refreshFaults({ kind: "drop-before" });
    const { error } = await tab.refresh();
    deepEqual([error.code, error.retryable], ["network", true]);
    equal((await tab.refresh()).value, "refreshed");
    equal((await tab.call()).status, 200);
    const { refreshes, reuseDetected } = await demo.stats();
    deepEqual([refreshes, reuseDetected], [1, 0]);
  }));

test("a refresh whose answer was lost is repeated inside the server's grace, and the session goes on", () =>
  fresh({ grace: 30 }, async ({ open, demo }) => {
    const tab = await open();
    await tab.login();
    await demo.refreshFaults({ kind: "drop-after" });
    equal((await tab.refresh()).error.code, "network");
    equal((await tab.refresh()).value, "refreshed");
    equal((await tab.call()).status, 200);
    const { reuseDetected, graceAnswers } = await demo.stats();
    deepEqual([reuseDetected, graceAnswers], [0, 1]);
  }));

// What no client can save: the server has rotated, only it knows the successor, and it forgives nothing.
test("a refresh whose answer was lost ends the session where the server has no grace, and explain() says so", () =>
  fresh({ grace: 0 }, async ({ open, demo }) => {
    const tab = await open();
    await tab.login();
    await demo.refreshFaults({ kind: "drop-after" });
    equal((await tab.refresh()).error.code, "network");
    equal(await tab.who(), "alice");
    equal((await tab.refresh()).error.code, "session_ended");
    await tab.event({ type: "logout", reason: "refresh_rejected" });
    const whats = (await tab.run(() => manager.explain())).map(({ what, why }) => `${what} ${why ?? ""}`.trim());
    ok(whats.includes("refresh_failed network") && whats.some((what) => what.startsWith("refused")), whats.join(" · "));
  }));

test("a tab closed between the server's act and its answer is made good for by the next tab, inside the grace", () =>
  fresh({ grace: 30 }, async ({ open, demo }) => {
    const tab = await open();
    await tab.login();
    await demo.refreshFaults({ kind: "drop-after", delayMs: 60_000 });
    await tab.run(() => void manager.refresh().catch(() => {}));
    while ((await demo.stats()).refreshes === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await tab.close();
    const next = await open();
    equal(await next.who(), "alice");
    await next.event({ type: "refresh", remote: false });
    equal((await next.call()).status, 200);
    const { reuseDetected, graceAnswers } = await demo.stats();
    deepEqual([reuseDetected, graceAnswers], [0, 1]);
  }));

for (const fault of [{ kind: "status", status: 503 }, { kind: "status", status: 429, retryAfter: 1 }, { kind: "status", status: 200, html: true }, { kind: "status", status: 403, html: true }, { kind: "status", status: 500 }]) {
  test(`a refresh answered with ${JSON.stringify(fault)} is no logout, and the next one works`, () =>
    fresh({}, async ({ open, demo }) => {
      const tab = await open();
      await tab.login();
      await demo.refreshFaults(fault);
      equal((await tab.refresh()).error.ours, true);
      const { retryInMs } = await tab.event({ type: "warning", code: "refresh_failed" });
      equal((await tab.call()).status, 200);
      await tab.until(([since, wait]) => performance.now() > since + wait, [await tab.run(() => performance.now()), retryInMs]);
      equal((await tab.refresh()).value, "refreshed");
      deepEqual((await tab.heard()).filter((event) => event.startsWith("logout")), []);
    }));
}
