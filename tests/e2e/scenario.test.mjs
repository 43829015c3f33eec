// The scenario from log in to log in again, in each dialect of the demo's server.

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { world } from "./fixtures/world.mjs";

const { fresh } = await world();
const shortLived = { accessTtl: 2 };

for (const [what, options] of [["no refresh endpoint", { server: { refresh: undefined } }], ["no refresh token in the answer", {}]]) {
  test(`with ${what} an expired session ends, and one logs in again`, () =>
    fresh(shortLived, async ({ open, demo }) => {
      const tab = await open(options);
      const credentials = options.server ? {} : { refresh: false };
      equal((await tab.login("alice", credentials)).value, "alice");
      equal((await tab.call()).status, 200);
      await tab.event({ type: "logout", reason: "expired", remote: false });
      equal(await tab.who(), null);
      equal((await tab.call()).status, 401);
      equal((await tab.token()).error.code, "not_logged_in");
      equal((await tab.login("alice", credentials)).value, "alice");
      equal((await tab.call()).status, 200);
      equal((await demo.stats()).refreshes, 0);
    }));
}

for (const server of ["json", "cookie", "oauth"]) {
  test(`with a refresh token the page works on through many expiries (${server})`, () =>
    // JWTs count whole seconds: of 5 at least 4 are left, and the refresh is due after 3.75.
    fresh({ accessTtl: 5 }, async ({ open, demo }) => {
      const tab = await open({ server });
      await tab.login();
      const statuses = await tab.run(async () => {
        const statuses = [];
        const end = Date.now() + 9000;
        while (Date.now() < end) {
          statuses.push((await manager.fetch("/api/orders")).status);
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        return statuses;
      });
      deepEqual([...new Set(statuses)], [200]);
      const { refreshes, apiRefused401, reuseDetected } = await demo.stats();
      ok(refreshes >= 2 && refreshes <= 3, `a refresh for each token that went stale: ${refreshes}`);
      deepEqual([apiRefused401, reuseDetected], [0, 0]);
      deepEqual([...new Set(await tab.heard())], ["login", "refresh"]);
    }));

  test(`a refresh token that expired ends the session, and one logs in again (${server})`, () =>
    fresh({}, async ({ open, demo }) => {
      const tab = await open({ server });
      await tab.login();
      await demo.lab("expire-refresh");
      await demo.lab("expire-access");
      equal((await tab.call()).status, 401);
      equal((await tab.event({ type: "logout" })).reason, "refresh_rejected");
      equal(await tab.who(), null);
      equal((await tab.refresh()).error.code, "not_logged_in");
      await tab.login();
      equal((await tab.call()).status, 200);
    }));

  test(`a token that the server no longer takes is replaced without anybody noticing (${server})`, () =>
    fresh({}, async ({ open, demo }) => {
      const tab = await open({ server });
      await tab.login();
      await demo.lab("expire-access");
      equal((await tab.call()).status, 200);
      const { refreshes, apiAccepted, apiRefused401 } = await demo.stats();
      deepEqual([refreshes, apiAccepted, apiRefused401], [1, 1, 1]);
    }));

  test(`a wrong password is refused in the server's own words (${server})`, () =>
    fresh({}, async ({ open }) => {
      const tab = await open({ server });
      const { error } = await tab.login("alice", { password: "wrong" });
      deepEqual([error.code, error.retryable], ["login_rejected", false]);
      equal(error.body.error, server === "oauth" ? "invalid_grant" : "invalid_credentials");
      equal(await tab.who(), null);
      deepEqual(await tab.events(), []);
    }));

  test(`a logout ends the session here and at the server (${server})`, () =>
    fresh({}, async ({ open, demo }) => {
      const tab = await open({ server });
      await tab.login();
      await tab.logout();
      equal(await tab.who(), null);
      const { logouts, revocations } = await demo.stats();
      equal(logouts + revocations, 1);
      await tab.reload();
      equal(await tab.who(), null);
      equal((await tab.call()).status, 401);
    }));

  test(`a reload keeps the session, without a call to the server (${server})`, () =>
    fresh({}, async ({ open, demo }) => {
      const tab = await open({ server });
      await tab.login();
      const { value } = await tab.token();
      await tab.reload();
      equal(await tab.who(), server === "oauth" ? "opaque" : "alice");
      equal((await tab.token()).value, value);
      equal((await tab.call()).status, 200);
      equal((await demo.stats()).refreshes, 0);
    }));
}

test("the first visit to a page is quiet: nobody logged in, no warning, nothing asked of the server", () =>
  fresh({}, async ({ open, demo }) => {
    const tab = await open();
    deepEqual([await tab.who(), await tab.events()], [null, []]);
    const { refreshes, refreshesRefused } = await demo.stats();
    deepEqual([refreshes, refreshesRefused], [0, 0]);
  }));

test("roles: a reader may read, and is refused the rest with a warning that says what lacks", () =>
  fresh({}, async ({ open, demo }) => {
    const tab = await open();
    await tab.login("bob");
    equal((await tab.call()).status, 200);
    const order = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ item: "tea", quantity: 1 }) };
    equal((await tab.call("/api/orders", order)).status, 403);
    equal((await tab.event({ type: "warning", code: "insufficient_scope" })).scope, "orders:write");
    equal((await tab.call("/api/admin/report")).status, 403);
    deepEqual(await tab.run(() => [manager.session.hasRole("admin"), manager.session.hasRole("reader"), manager.session.hasScope("orders:read"), manager.session.hasScope("orders:write")]), [false, (await tab.run(() => manager.session.claims.roles)).includes("reader"), true, false]);
    equal((await demo.stats()).refreshes, 0);
    ok((await tab.run(() => JSON.stringify(manager.explain()))).includes("insufficient_scope"), "a line in explain()");
    await tab.login("alice");
    equal((await tab.call("/api/orders", order)).status, 201);
    equal((await tab.call("/api/admin/report")).status, 200);
    equal(await tab.run(() => manager.session.hasRole("admin")), true);
  }));

test("a wish for a stronger login is a warning and the caller's 401, never a refresh", () =>
  fresh({}, async ({ open, demo }) => {
    const tab = await open();
    await tab.login();
    equal((await tab.call("/api/step-up")).status, 401);
    await tab.event({ type: "warning", code: "step_up_required" });
    const { refreshes, apiRefused401 } = await demo.stats();
    deepEqual([refreshes, apiRefused401], [0, 1]);
  }));

test("an OAuth session is opaque here and good there", () =>
  fresh({}, async ({ open }) => {
    const tab = await open({ server: "oauth" });
    await tab.login();
    deepEqual(await tab.run(() => [manager.session.claims, manager.session.hasScope("orders:write")]), [null, true]);
    equal((await tab.call("/api/me")).body.sub, "alice");
  }));
