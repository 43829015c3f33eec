// Ten real tabs, each in a renderer process of its own, against a server that forgives no refresh token used twice.
// $TOKENKEEPER_ROUNDS asks for more rounds than CI needs.

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { startBrowser } from "./fixtures/browser.mjs";
import { figure } from "./fixtures/figures.mjs";
import { failedCalls, refreshes, renderers, together } from "./fixtures/processes.mjs";
import { Tab } from "./fixtures/tab.mjs";
import { world } from "./fixtures/world.mjs";

const TABS = 10;
const ROUNDS = Number(process.env.TOKENKEEPER_ROUNDS || 3);
const { demo, browser } = await world();

// Ten tabs, somebody logged in in all of them.
async function tenTabs(options, work, { chromium = browser, script } = {}) {
  await demo.lab("reset");
  await demo.lab("settings", { grace: 0 });
  const context = await chromium.newContext();
  try {
    if (script) await context.addInitScript(script);
    const tabs = [];
    for (let i = 0; i < TABS; i++) tabs.push(await Tab.open(context, demo, options));
    const processes = await renderers(chromium);
    if (chromium === browser) ok(processes >= TABS, `a process for each tab, not ${processes} for ${TABS}`);
    await tabs[0].login();
    for (const tab of tabs) await tab.until(() => manager.session !== null);
    await work(tabs, processes);
  } finally {
    await context.close();
  }
}

async function row(scenario, more) {
  const { refreshes, reuseDetected } = await demo.stats();
  figure({ scenario, tabs: TABS, refreshes, reuse: reuseDetected, ...more });
  return { refreshes, reuseDetected };
}

test(`${TABS} tabs × 50 calls at one instant with a token that the server refuses: one refresh a round, no failure, no reuse`, () =>
  tenTabs({}, async (tabs, processes) => {
    const failures = [];
    for (let round = 1; round <= ROUNDS; round++) {
      await demo.lab("expire-access");
      failures.push(...(await together(tabs, failedCalls, 50)).flat());
    }
    const { refreshes, reuseDetected } = await row(`${TABS} tabs × 50 calls, token refused`, { processes, calls: ROUNDS * TABS * 50, failures: failures.length, more: `${ROUNDS} rounds` });
    deepEqual([failures, refreshes, reuseDetected], [[], ROUNDS, 0]);
  }));

test(`${TABS} tabs × 50 calls at one instant with a token that expired by the clock: one refresh a round, no failure, no reuse`, () =>
  tenTabs({ autoRefresh: false }, async (tabs, processes) => {
    const failures = [];
    for (let round = 1; round <= ROUNDS; round++) {
      // Only the token that expires lives so short: a round may take long on a slow machine.
      await demo.lab("settings", { accessTtl: 2 });
      await tabs[0].refresh();
      await demo.lab("settings", { accessTtl: 300 });
      for (const tab of tabs) await tab.until(() => Date.now() > manager.session.expiresAt, undefined, 20_000);
      failures.push(...(await together(tabs, failedCalls, 50)).flat());
    }
    const { refreshes, reuseDetected } = await row(`${TABS} tabs × 50 calls, token expired`, { processes, calls: ROUNDS * TABS * 50, failures: failures.length, more: `${ROUNDS} rounds` });
    deepEqual([failures, refreshes, reuseDetected], [[], 2 * ROUNDS, 0]);
  }));

// 200 refreshes and more, every tab asking for the next as soon as it has one.
async function stress(tabs, work = refreshes) {
  const failures = [];
  while ((await demo.stats()).refreshes < 200 && (await demo.stats()).reuseDetected === 0) failures.push(...(await together(tabs, work, 20)).flat());
  return failures;
}

test("200 locked refreshes in a row over ten tabs use no refresh token twice", () =>
  tenTabs({}, async (tabs, processes) => {
    const failures = await stress(tabs);
    const { refreshes, reuseDetected } = await row("200 refreshes in a row", { processes, failures: failures.length });
    deepEqual([failures, reuseDetected], [[], 0]);
    ok(refreshes >= 200, `${refreshes} refreshes`);
  }));

const noLedger = () => Object.defineProperty(globalThis, "indexedDB", { value: undefined });
test("without IndexedDB the lock is held a moment longer, and that is enough", () =>
  tenTabs({}, async (tabs, processes) => {
    const failures = await stress(tabs);
    const { reuseDetected } = await row("200 refreshes in a row, without IndexedDB", { processes, failures: failures.length });
    deepEqual([failures, reuseDetected], [[], 0]);
  }, { script: noLedger }));

// Neither ledger nor hold: the lock goes back as soon as the session is written.
const noLedgerNoHold = () => {
  Object.defineProperty(globalThis, "indexedDB", { value: undefined });
  let written = () => {};
  const { setItem } = Storage.prototype;
  Storage.prototype.setItem = function (...all) {
    setItem.apply(this, all);
    written();
  };
  const { request } = LockManager.prototype;
  LockManager.prototype.request = function (name, options, callback) {
    const early = () => new Promise((resolve) => (written = resolve));
    return request.call(this, name, options, (lock) => Promise.race([callback(lock), early()]));
  };
};
test("control: with the ledger and the hold off, the same test finds a refresh token used twice", () =>
  tenTabs({}, async (tabs, processes) => {
    const failures = await stress(tabs);
    const { reuseDetected } = await row("control: ledger and hold off", { processes, failures: failures.length });
    ok(reuseDetected > 0, "reuse, or this test could not fail");
  }, { script: noLedgerNoHold }));

const handmadeRefreshes = async (count) => {
  const failed = [];
  for (let i = 0; i < count; i++) await handmade.refresh().catch((error) => failed.push(error.code ?? String(error)));
  return failed;
};
async function handmadeStress(tabs) {
  await tabs[0].run(() => handmade.login({ username: "alice", password: "wonderland" }));
  for (const tab of tabs) await tab.until(() => localStorage.getItem("handmade") && (handmade.open(), true));
  return stress(tabs, handmadeRefreshes);
}

test("control: a hand-made wrapper with a lock and a second look at localStorage uses a refresh token twice", () =>
  tenTabs({}, async (tabs, processes) => {
    const failures = await handmadeStress(tabs);
    const { reuseDetected } = await row("control: a hand-made wrapper", { processes, failures: failures.length });
    ok(reuseDetected > 0, "reuse, or this test could not fail");
  }));

test("control: the same wrapper is sound when all tabs are in one process, which is why the tests need several", async () => {
  const one = await startBrowser("--process-per-site", "--renderer-process-limit=1");
  try {
    await tenTabs({}, async (tabs, processes) => {
      const failures = await handmadeStress(tabs);
      const { reuseDetected } = await row("control: a hand-made wrapper, one process", { processes, failures: failures.length });
      ok(processes < TABS, `few processes, not ${processes}`);
      equal(reuseDetected, 0);
    }, { chromium: one });
  } finally {
    await one.close();
  }
});
