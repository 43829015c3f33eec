// What stays behind: after 100,000 calls, and after 10,000 managers.

import { ok } from "node:assert/strict";
import { test } from "node:test";
import { figure } from "./fixtures/figures.mjs";
import { world } from "./fixtures/world.mjs";

const { fresh } = await world();

// Before anything is loaded: keeps hold of the module's memory.
const keepMemory = () => {
  const { Instance } = WebAssembly;
  WebAssembly.Instance = new Proxy(Instance, {
    construct(target, all) {
      const instance = Reflect.construct(target, all);
      globalThis.wasmMemory = Object.values(instance.exports).find((each) => each instanceof WebAssembly.Memory);
      return instance;
    },
  });
};

// What the garbage collector leaves, once finalizers have run, too, and nothing is under way: a manager looks at its ledger
// two seconds after a change.
async function kept(tab, cdp) {
  let metric;
  for (let quiet = 0, listeners; quiet < 5; quiet++) {
    await cdp.send("HeapProfiler.collectGarbage");
    await tab.run(() => new Promise((resolve) => setTimeout(resolve, 50)));
    const { metrics } = await cdp.send("Performance.getMetrics");
    metric = (name) => metrics.find((each) => each.name === name).value;
    if (metric("JSEventListeners") !== listeners) [quiet, listeners] = [0, metric("JSEventListeners")];
  }
  return { heap: metric("JSHeapUsedSize"), listeners: metric("JSEventListeners"), wasm: await tab.run(() => wasmMemory.buffer.byteLength) };
}

async function measured(tab, context) {
  const cdp = await context.newCDPSession(tab.page);
  await cdp.send("Performance.enable");
  return () => kept(tab, cdp);
}

const grown = (before, after) => ({ heap: after.heap - before.heap, listeners: after.listeners - before.listeners, wasm: after.wasm - before.wasm });
const words = ({ heap, listeners, wasm }) => `heap ${heap >= 0 ? "+" : ""}${(heap / 1024).toFixed(0)} kB, wasm +${wasm / 1024} kB, listeners ${listeners >= 0 ? "+" : ""}${listeners}`;

test("100,000 calls leave heap and wasm memory as they were", () =>
  fresh({}, async ({ open, context }) => {
    await context.addInitScript(keepMemory);
    const tab = await open();
    await tab.login();
    await tab.run(() => {
      const platform = globalThis.fetch;
      const answer = new TextEncoder().encode("{}");
      globalThis.fetch = async (input, init) => {
        if (!String(input).includes("/stub")) return platform(input, init);
        return new Response(answer);
      };
      globalThis.calls = async (count) => {
        for (let done = 0; done < count; done += 100) {
          await Promise.all(Array.from({ length: 100 }, async (_, i) => (await manager.fetch(`/stub?${i}`, { method: "POST", body: "x", headers: { "x-i": `${i}` } })).text()));
        }
      };
    });
    const measure = await measured(tab, context);
    await tab.run(() => calls(20_000));
    const before = await measure();
    await tab.run(() => calls(100_000));
    const more = grown(before, await measure());
    figure({ scenario: "100,000 calls in one page", tabs: 1, calls: 100_000, failures: 0, more: words(more) });
    ok(more.heap < 300_000 && more.wasm === 0 && more.listeners <= 2, words(more));
  }));

test("2,000 refreshes after a 401 leave heap and wasm memory as they were", () =>
  fresh({}, async ({ open, context }) => {
    await context.addInitScript(keepMemory);
    const tab = await open();
    await tab.login();
    await tab.run(() => {
      let last = 0;
      const json = (body, status = 200) => new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
      globalThis.fetch = async (input, init) => {
        const url = String(input.url ?? input);
        if (url.includes("/auth/refresh")) return json({ access_token: `token-${++last}`, refresh_token: `refresh-${last}`, expires_in: 300 });
        const authorization = new Headers(init?.headers ?? input.headers).get("authorization");
        return authorization === `Bearer token-${last}` && !url.includes(`expired=${last}`) ? json({}) : json({}, 401);
      };
      globalThis.cycles = async (count) => {
        for (let i = 0; i < count; i++) {
          const { status } = await manager.fetch(`/api/orders?expired=${last}`);
          if (status !== 200) throw new Error(`${status} in cycle ${i}`);
        }
      };
    });
    const measure = await measured(tab, context);
    await tab.run(() => cycles(500));
    const before = await measure();
    await tab.run(() => cycles(2000));
    const more = grown(before, await measure());
    figure({ scenario: "2,000 refreshes in one page", tabs: 1, calls: 2000, refreshes: 2000, failures: 0, more: words(more) });
    ok(more.heap < 300_000 && more.wasm === 0 && more.listeners <= 2, words(more));
  }));

test("10,000 calls whose callers do not wait for the token leave heap and wasm memory as they were", () =>
  fresh({}, async ({ open, context }) => {
    await context.addInitScript(keepMemory);
    const tab = await open({ autoRefresh: false, requestTimeout: 600 });
    await tab.run(() => {
      globalThis.fetch = (input) =>
        String(input.url ?? input).includes("/auth/login") ? Promise.resolve(Response.json({ access_token: "a", refresh_token: "b", expires_in: 0 })) : new Promise(() => {});
      globalThis.leave = async (count) => {
        for (let i = 0; i < count; i++) {
          const controller = new AbortController();
          const left = manager.fetch("/api/orders", { signal: controller.signal }).catch(() => {});
          controller.abort();
          await left;
        }
      };
      return manager.login({});
    });
    const measure = await measured(tab, context);
    await tab.run(() => leave(1000));
    const before = await measure();
    await tab.run(() => leave(10_000));
    const more = grown(before, await measure());
    ok(more.heap < 300_000 && more.wasm === 0 && more.listeners <= 2, words(more));
  }));

test("10,000 managers made and closed leave nothing behind", () =>
  fresh({}, async ({ open, context }) => {
    await context.addInitScript(keepMemory);
    const tab = await open({ storage: "memory" });
    await tab.run(() => {
      globalThis.managers = async (count) => {
        for (let i = 0; i < count; i += 50) {
          await Promise.all(Array.from({ length: 50 }, async (_, k) => {
            const made = await tk.createTokenManager({ server: { kind: "json", login: "/auth/login", refresh: "/auth/refresh" }, storage: k % 2 ? "local" : "memory", name: `many-${k}` });
            made.on("login", () => {});
            made.subscribe(() => {});
            made.close();
          }));
        }
      };
    });
    const measure = await measured(tab, context);
    // Collected now and then, as a browser does: what is closed and not yet collected is no leak.
    const make = async (thousands) => {
      for (let i = 0; i < thousands; i++) {
        await tab.run(() => managers(1000));
        await measure();
      }
    };
    await make(2);
    const before = await measure();
    await make(10);
    const more = grown(before, await measure());
    figure({ scenario: "10,000 managers made and closed", more: words(more) });
    ok(more.heap < 500_000 && more.wasm === 0 && more.listeners <= 2, words(more));
  }));
