// A thousand calls at once on a token that has expired, at the demo's servers, beside as many bare fetches.

import { createTokenManager } from "tokenkeeper";
import { crowd, report } from "./measure.js";

const CALLS = 1000;
const ROUNDS = 5;
const url = (i) => `/api/orders?page=${i}`; // one address would have the browser's cache serve one after the other

const lab = async (name, body) => {
  const init = body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  return (await fetch(`/lab/${name}`, init)).json();
};

await report(async () => {
  const server = { kind: "json", login: "/auth/login", refresh: "/auth/refresh" };
  const manager = await createTokenManager({ server, autoRefresh: false });
  await manager.login({ username: "alice", password: "wonderland" });
  const rounds = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await once(manager));
  await manager.logout();
  return { calls: CALLS, rounds };
});

async function once(manager) {
  await lab("settings", { accessTtl: 300 });
  await manager.refresh();
  const headers = { authorization: `Bearer ${await manager.token()}` };
  const bare = () => crowd(CALLS, async (i) => (await fetch(url(i), { headers })).text());
  const before = await bare();
  await lab("settings", { accessTtl: 1 });
  await manager.refresh();
  await lab("settings", { accessTtl: 300 });
  const { expiresAt } = manager.session;
  await new Promise((resolve) => setTimeout(resolve, expiresAt - Date.now() + 50));
  const { refreshes } = await lab("stats");
  let failures = 0;
  const ours = await crowd(CALLS, async (i) => {
    try {
      const response = await manager.fetch(url(i));
      await response.text();
      if (response.status !== 200) failures += 1;
    } catch {
      failures += 1;
    }
  });
  const made = (await lab("stats")).refreshes - refreshes;
  const after = await bare();
  return { bare: (before + after) / 2, tokenkeeper: ours, refreshes: made, failures };
}
