// Tabs that die, sleep or change their mind while a refresh is on its way, against a server with strict rotation.

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { startSleepyBrowser } from "./fixtures/browser.mjs";
import { figure } from "./fixtures/figures.mjs";
import { failedCalls, renderers } from "./fixtures/processes.mjs";
import { Tab } from "./fixtures/tab.mjs";
import { world } from "./fixtures/world.mjs";

const { demo, browser, fresh } = await world();

// `count` tabs of one session.
async function session(open, count, options) {
  const tabs = [];
  for (let i = 0; i < count; i++) tabs.push(await open(options));
  equal((await tabs[0].login()).value, "alice");
  for (const tab of tabs) await tab.until(() => manager.session !== null);
  return tabs;
}

async function row(scenario, tabs, more, within = browser) {
  const stats = await demo.stats();
  figure({ scenario, tabs, processes: await renderers(within), refreshes: stats.refreshes, reuse: stats.reuseDetected, ...more });
  return stats;
}

async function until(condition) {
  const end = Date.now() + 10_000;
  while (!(await condition())) {
    ok(Date.now() < end, `within 10 s: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const held = (tab) => tab.run(async () => (await navigator.locks.query()).held.length);

// Starts a refresh that the server is slow about, and leaves it on its way.
async function refreshUnderWay(tab, fault) {
  await demo.refreshFaults(fault);
  await tab.run(() => void (globalThis.refreshing = outcome(manager.refresh().then(() => "refreshed"))));
  await until(async () => (await held(tab)) > 0);
  if (fault.kind !== "drop-before") await until(async () => (await demo.stats()).refreshes > 0);
}

for (const [how, kill] of [["closed", (tab) => tab.close()], ["crashed", async (tab, context) => void (await context.newCDPSession(tab.page)).send("Page.crash").catch(() => {})]]) {
  // The tab dies in the middle of its refresh, while two others wait behind it.
  const dies = async ({ open, context }, fault, when) => {
    const [a, b, c] = await session(open, 3);
    await refreshUnderWay(a, { ...fault, delayMs: 30_000 });
    await demo.lab("expire-access");
    const calls = Promise.all([b, c].map((tab) => tab.run(failedCalls, 20)));
    await until(async () => (await b.run(async () => (await navigator.locks.query()).pending.length)) > 0);
    await kill(a, context);
    const failures = (await calls).flat();
    return { ...(await row(`tab ${how} in a refresh, ${when}`, 3, { calls: 40, failures: failures.length })), failures };
  };

  test(`a tab ${how} before the server acted on its refresh: the next one refreshes, nobody notices`, () =>
    fresh({ grace: 0 }, async (tabs) => {
      const { failures, refreshes, reuseDetected } = await dies(tabs, { kind: "drop-before" }, "server had not acted");
      deepEqual([failures, refreshes, reuseDetected], [[], 1, 0]);
    }));

  test(`a tab ${how} after the server acted on its refresh: inside the grace the next one gets a successor, nobody notices`, () =>
    fresh({ grace: 30 }, async (tabs) => {
      const { failures, reuseDetected, graceAnswers } = await dies(tabs, { kind: "delay" }, "server had acted, grace");
      deepEqual([failures, reuseDetected, graceAnswers], [[], 0, 1]);
    }));
}

test("five tabs offline with an expired token: back online one refresh serves them all", () =>
  fresh({ grace: 0, accessTtl: 3 }, async ({ open, context }) => {
    const tabs = await session(open, 5);
    await context.setOffline(true);
    await demo.lab("expire-access");
    for (const tab of tabs) await tab.until(() => Date.now() > manager.session.expiresAt);
    await demo.lab("settings", { accessTtl: 300 });
    await context.setOffline(false);
    for (const tab of tabs) await tab.until(() => manager.session.expiresAt > Date.now() + 60_000);
    const failures = (await Promise.all(tabs.map((tab) => tab.run(failedCalls, 10)))).flat();
    const { refreshes, reuseDetected } = await row("5 tabs offline and back", 5, { calls: 50, failures: failures.length });
    deepEqual([failures, reuseDetected], [[], 0]);
    ok(refreshes >= 1 && refreshes <= 2, `one refresh for all, or one more from before the line went: ${refreshes}`);
    deepEqual((await tabs[0].heard()).filter((event) => event.startsWith("logout")), []);
  }));

// Two tabs in a browser whose pages can be frozen as a laptop's are that sleeps.
async function sleepy(settings, options, work) {
  await demo.lab("reset");
  await demo.lab("settings", settings);
  const { browser, context, stop } = await startSleepyBrowser();
  try {
    const [a, b] = await session((options) => Tab.open(context, demo, options), 2, options);
    const cdp = await context.newCDPSession(a.page);
    await a.run(() => {
      globalThis.life = [];
      for (const type of ["freeze", "resume"]) document.addEventListener(type, () => life.push(type));
    });
    const become = async (state) => {
      await cdp.send("Page.setWebLifecycleState", { state });
      await until(async () => (await a.run(() => life.at(-1))) === (state === "frozen" ? "freeze" : "resume"));
    };
    await work({ a, b, become, browser });
  } finally {
    await stop();
  }
}

test("a page frozen while others refreshed many times adopts the newest session when it wakes, without a refresh", () =>
  sleepy({ grace: 0 }, {}, async ({ a, b, become, browser }) => {
    await become("frozen");
    for (let i = 0; i < 5; i++) await b.refresh();
    await demo.lab("expire-access");
    equal((await b.call()).status, 200);
    await become("active");
    const failures = await a.run(failedCalls, 20);
    const { refreshes, reuseDetected } = await row("page frozen while another refreshed", 2, { calls: 20, failures: failures.length }, browser);
    deepEqual([failures, refreshes, reuseDetected], [[], 6, 0]);
    equal((await a.token()).value, (await b.token()).value);
  }));

test("a page frozen in the middle of a refresh holds nobody up for ever, and loses nothing when it wakes", () =>
  sleepy({ grace: 60 }, { requestTimeout: 2 }, async ({ a, b, become, browser }) => {
    await demo.lab("expire-access");
    await refreshUnderWay(a, { kind: "delay", delayMs: 1500 });
    await become("frozen");
    const began = Date.now();
    const failures = await b.run(failedCalls, 10);
    const waited = Math.round((Date.now() - began) / 1000);
    ok(waited < 15, `the lock is waited for 5 s longer than a request may take, not ${waited} s`);
    equal(await held(b), 1, "locks held, by the sleeper");
    await become("active");
    failures.push(...(await a.run(failedCalls, 10)));
    const { reuseDetected, graceAnswers } = await row("page frozen in a refresh, grace", 2, { calls: 20, failures: failures.length, more: `the other tab waited ${waited} s` }, browser);
    deepEqual([failures, reuseDetected, graceAnswers], [[], 0, 1]);
    deepEqual([await a.who(), await b.who()], ["alice", "alice"]);
  }));

test("an answer that came while the browser was stopped past its deadline is heard when it goes on, without a grace", () =>
  sleepy({ grace: 0 }, { requestTimeout: 2 }, async ({ a, browser }) => {
    await refreshUnderWay(a, { kind: "delay", delayMs: 500 });
    const cdp = await browser.newBrowserCDPSession();
    const { processInfo } = await cdp.send("SystemInfo.getProcessInfo");
    for (const { id } of processInfo) process.kill(id, "SIGSTOP");
    const late = Date.now() + 4_000;
    await until(() => Date.now() > late);
    for (const { id } of processInfo) process.kill(id, "SIGCONT");
    deepEqual(await a.run(() => refreshing), { value: "refreshed" });
    const failures = await a.run(failedCalls, 10);
    const { refreshes, reuseDetected } = await row("browser stopped past the deadline of its refresh", 2, { calls: 10, failures: failures.length }, browser);
    deepEqual([failures, refreshes, reuseDetected], [[], 1, 0]);
  }));

test("a logout while a refresh is on its way wins in every tab, and the late token is given back", () =>
  fresh({ grace: 0 }, async ({ open }) => {
    const [a, b] = await session(open, 2);
    await refreshUnderWay(a, { kind: "delay", delayMs: 4000 });
    await b.logout();
    deepEqual([await a.event({ type: "logout" }), await b.who()].map((each) => each?.reason ?? each), ["user", null]);
    const { error } = await a.run(() => refreshing);
    equal(error.code, "session_ended");
    await until(async () => (await demo.stats()).logouts >= 2);
    await a.reload();
    deepEqual([await a.who(), await b.who(), await a.run(() => localStorage.length)], [null, null, 0]);
    await row("logout while a refresh is on its way", 2, { failures: 0 });
  }));

test("another user's login while a refresh is on its way wins in every tab", () =>
  fresh({ grace: 0 }, async ({ open }) => {
    const [a, b] = await session(open, 2);
    await refreshUnderWay(a, { kind: "delay", delayMs: 6000 });
    await b.login("bob");
    await a.event({ type: "login", who: "bob", remote: true });
    await a.run(() => refreshing);
    await until(async () => (await demo.stats()).logouts >= 1);
    for (const tab of [a, b]) {
      equal(await tab.who(), "bob");
      equal((await tab.call("/api/me")).body.sub, "bob");
    }
    await b.refresh();
    equal((await a.call("/api/me")).body.sub, "bob");
    await row("other user's login while a refresh is on its way", 2, { failures: 0 });
  }));

test("1,000 calls at once with an expired token: one refresh, all succeed", () =>
  fresh({ grace: 0 }, async ({ open }) => {
    const [tab] = await session(open, 1);
    await demo.lab("expire-access");
    const failures = await tab.run(failedCalls, 1000);
    const { refreshes, reuseDetected } = await row("1,000 calls at once, token refused", 1, { calls: 1000, failures: failures.length });
    deepEqual([failures, refreshes, reuseDetected], [[], 1, 0]);
  }));

// Answers that take their time: each as much longer as its address says.
const slowAnswers = () => {
  const platform = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const response = await platform(input, init);
    const late = String(input.url ?? input).match(/late=(\d+)/)?.[1] ?? 0;
    await new Promise((resolve) => setTimeout(resolve, Number(late)));
    return response;
  };
};
test("401s that come in one after the other over two seconds cost one refresh", () =>
  fresh({ grace: 0 }, async ({ open, context }) => {
    await context.addInitScript(slowAnswers);
    const tabs = await session(open, 3);
    await demo.lab("expire-access");
    const staggered = () => Promise.all(Array.from({ length: 20 }, (_, i) => manager.fetch(`/api/orders?late=${100 * i}`).then(({ status }) => status)));
    const statuses = (await Promise.all(tabs.map((tab) => tab.run(staggered)))).flat();
    const failures = statuses.filter((status) => status !== 200);
    const { refreshes } = await row("staggered 401s", 3, { calls: 60, failures: failures.length });
    deepEqual([failures, refreshes], [[], 1]);
  }));

test("a session revoked at the server ends once in every tab, after one refused refresh", () =>
  fresh({ grace: 0 }, async ({ open }) => {
    const tabs = await session(open, 3);
    await demo.lab("revoke");
    const statuses = await Promise.all(tabs.map((tab) => tab.run(() => Promise.all(Array.from({ length: 20 }, () => manager.fetch("/api/orders").then(({ status }) => status))))));
    deepEqual([...new Set(statuses.flat())], [401]);
    for (const tab of tabs) await tab.event({ type: "logout", reason: "refresh_rejected" });
    for (const tab of tabs) deepEqual((await tab.heard()).filter((event) => event.startsWith("logout")).length, 1);
    const { refreshesRefused } = await row("session revoked at the server", 3, { calls: 60, failures: 60, more: "one refused refresh, one logout a tab" });
    equal(refreshesRefused, 1);
  }));
