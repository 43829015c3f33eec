// A soak: five tabs, tokens of three seconds, random faults. node tests/e2e/soak.mjs; $SOAK_MINUTES (10) and $SOAK_SEED say how.

import { argv, env, exit } from "node:process";
import { fileURLToPath } from "node:url";
import { startBrowser } from "./fixtures/browser.mjs";
import { startDemo } from "./fixtures/demo.mjs";
import { figure } from "./fixtures/figures.mjs";
import { renderers } from "./fixtures/processes.mjs";
import { site } from "./fixtures/site.mjs";
import { Tab } from "./fixtures/tab.mjs";

const TABS = 5;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// The same numbers for the same seed (mulberry32).
function dice(seed) {
  const next = () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return { below: (n) => Math.floor(next() * n), one: (list) => list[Math.floor(next() * list.length)] };
}

// In the page: calls every now and then; keeps count of how they came out.
const work = () => {
  globalThis.outcomes = {};
  const call = async () => {
    const outcome = await manager.fetch("/api/orders").then(({ status }) => status, (error) => (tk.isTokenError(error) ? error.code : error.name));
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    setTimeout(call, 50 + 200 * Math.random());
  };
  call();
};

const refreshFaults = [
  { kind: "drop-before" }, { kind: "drop-after" }, { kind: "delay", delayMs: 800 }, { kind: "status", status: 503 },
  { kind: "status", status: 429, retryAfter: 1 }, { kind: "status", status: 200, html: true }, { kind: "drop-after", delayMs: 500 },
];

/** Soaks for so many minutes. Throws when a session ended, a token was used twice, or a tab does not work in the end. */
export async function soak(minutes, seed, say = () => {}) {
  const { below, one } = dice(seed);
  // Answers that were lost can only be made good for inside a grace.
  const [demo, browser] = await Promise.all([startDemo(await site(), "--access-ttl", "3", "--grace", "60"), startBrowser()]);
  const total = {};
  const ended = [];
  const gather = async (tab) => {
    const [outcomes, events] = await tab.run(() => [globalThis.outcomes ?? {}, events]);
    for (const [outcome, count] of Object.entries(outcomes)) total[outcome] = (total[outcome] ?? 0) + count;
    for (const { type, reason } of events) if (type === "logout") ended.push(reason);
  };
  try {
    const context = await browser.newContext();
    const begin = () => Tab.open(context, demo);
    const tabs = [];
    for (let i = 0; i < TABS; i++) tabs.push(await begin());
    await tabs[0].login();
    for (const tab of tabs) {
      await tab.until(() => manager.session !== null);
      await tab.run(work);
    }
    const replace = async (change) => {
      const i = below(TABS);
      await gather(tabs[i]);
      await change(i);
      await tabs[i].run(work);
    };
    const mischief = {
      "a refresh goes wrong": () => demo.refreshFaults(one(refreshFaults)),
      "several refreshes go wrong": () => demo.refreshFaults(one(refreshFaults), one(refreshFaults)),
      "the API refuses all tokens": () => demo.lab("expire-access"),
      "the API is slow": () => demo.lab("settings", { apiDelayMs: below(1500) }),
      "the API is quick": () => demo.lab("settings", { apiDelayMs: 0 }),
      "the line is cut": async () => {
        await context.setOffline(true);
        await sleep(below(4000));
        await context.setOffline(false);
      },
      "a tab reloads": () => replace((i) => tabs[i].reload()),
      "a tab dies, another opens": () => replace(async (i) => {
        await tabs[i].close();
        tabs[i] = await begin();
      }),
      "everybody refreshes": () => Promise.all(tabs.map((tab) => tab.refresh())),
    };
    const end = Date.now() + minutes * 60_000;
    let acts = 0;
    while (Date.now() < end && ended.length === 0) {
      const what = one(Object.keys(mischief));
      await mischief[what]();
      say(`${Math.round((end - Date.now()) / 1000)} s left: ${what}`);
      acts++;
      await sleep(200 + below(1500));
    }
    // Peace: every tab has to find back.
    await demo.lab("settings", { apiDelayMs: 0 });
    const working = await Promise.all(tabs.map((tab) => backToWork(tab)));
    for (const tab of tabs) await gather(tab);
    const { refreshes, reuseDetected } = await demo.stats();
    const calls = Object.values(total).reduce((sum, count) => sum + count, 0);
    const { 200: good = 0, ...others } = total;
    figure({ scenario: `soak, ${minutes} min`, tabs: TABS, processes: await renderers(browser), calls, refreshes, reuse: reuseDetected, failures: calls - good, more: `${acts} faults, seed ${seed}, ${JSON.stringify(others)}` });
    const wrong = [];
    if (ended.length > 0) wrong.push(`sessions ended: ${ended}`);
    if (reuseDetected > 0) wrong.push(`${reuseDetected} refresh tokens used twice`);
    if (working.includes(false)) wrong.push("a tab that does not find back");
    // With the line cut or the server at odds these are what a caller may see; anything else is not.
    const strange = Object.keys(others).filter((outcome) => !["TypeError", "network", "server", "timeout", "bad_response", "401"].includes(outcome));
    if (strange.length > 0) wrong.push(`outcomes that nobody ordered: ${strange}`);
    if (wrong.length > 0) throw new Error(`${wrong.join("; ")} (seed ${seed})`);
  } finally {
    await Promise.all([browser.close(), demo.stop()]);
  }
}

// Whatever backoff is still running: half a minute has to be enough.
async function backToWork(tab) {
  const end = Date.now() + 30_000;
  while (Date.now() < end) {
    if ((await tab.call()).status === 200) return true;
    await sleep(250);
  }
  return false;
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const seed = Number(env.SOAK_SEED ?? Date.now() % 1_000_000);
  console.log(`· soaking for ${env.SOAK_MINUTES ?? 10} minutes with seed ${seed}`);
  await soak(Number(env.SOAK_MINUTES ?? 10), seed, (text) => console.log(`· ${text}`)).then(
    () => console.log("✔ no session ended, no refresh token was used twice"),
    (error) => (console.error(`✗ ${error.message}`), exit(1)),
  );
}
