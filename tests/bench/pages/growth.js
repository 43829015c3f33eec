// What a call costs the more of them there are at once, the more tabs are open, the longer the allow-list is.

import { createTokenManager } from "tokenkeeper";
import { crowd, report, sideBySide } from "./measure.js";
import { network, options, token } from "./stub.js";

const CROWDS = [1, 10, 100, 1000, 10_000];
const RESOURCES = [1, 10, 100, 1000];
const TABS = [1, 10, 50];
const CALLS = 10_000; // made with every size of a crowd

const url = `${location.origin}/api/orders`;
const bare = () => fetch(url, { headers: { authorization: `Bearer ${token}` } });

await report(async () => {
  network.open();
  const good = await atOnce(await loggedIn());
  const expired = await atOnce(await loggedIn({}, 0), 1);
  const resources = {};
  for (const count of RESOURCES) resources[count] = await withResources(count);
  const tabs = {};
  const others = [];
  for (const count of TABS) {
    while (others.length < count - 1) others.push(await another());
    tabs[count] = await withTabs();
  }
  for (const tab of others) tab.close();
  return { good, expired, resources, tabs };
});

// With tokens that live so many seconds: those of 0 have expired when they come.
async function loggedIn(more, lifetime = 3600) {
  network.lifetime = lifetime;
  const manager = await createTokenManager({ ...options, autoRefresh: false, ...more });
  await manager.login({});
  return manager;
}

// Microseconds per call, for crowds of each size; each refreshes so many times.
async function atOnce(manager, refreshes = 0) {
  const times = {};
  for (const count of CROWDS) {
    const rounds = Math.min(200, Math.max(7, CALLS / count));
    times[count] = { bare: [], tokenkeeper: [] };
    for (let round = 0; round < rounds; round += 1) {
      const before = network.refreshes;
      times[count].bare.push((1000 * (await crowd(count, bare))) / count);
      times[count].tokenkeeper.push((1000 * (await crowd(count, () => manager.fetch(url)))) / count);
      if (network.refreshes - before !== refreshes) throw new Error(`${count} calls made ${network.refreshes - before} refreshes`);
    }
  }
  manager.close();
  return times;
}

// An address that was called before, and one that was not.
async function withResources(count) {
  const resources = Array.from({ length: count }, (_, i) => (i + 1 < count ? `https://api-${i}.example/v1/` : location.origin));
  const manager = await loggedIn({ resources });
  let number = 0;
  const calls = { bare, known: () => manager.fetch(url), unknown: () => manager.fetch(`${url}/${(number += 1)}`) };
  const times = await sideBySide(calls, { rounds: 30, size: 200 });
  manager.close();
  return times;
}

async function withTabs() {
  const manager = await loggedIn({ storage: "local" });
  const good = await sideBySide({ bare, tokenkeeper: () => manager.fetch(url) }, { rounds: 30, size: 100 });
  manager.close();
  const outdated = await loggedIn({ storage: "local" }, 0);
  const expired = [];
  for (let round = 0; round < 7; round += 1) expired.push(await crowd(1000, () => outdated.fetch(url)));
  outdated.close();
  return { ...good, expired };
}

function another() {
  const tab = open("/tab.html", "_blank");
  return new Promise((resolve) => addEventListener("message", () => resolve(tab), { once: true }));
}
