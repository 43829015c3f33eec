// All measurements, in Chromium: node tests/bench/run.mjs [PART…]
// Prints each part's table, keeps its figures in results.json, and writes from that the documents' tables and the plot.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { argv, exit, stderr } from "node:process";
import { brotli } from "../../scripts/compress.mjs";
import { demoBinary, startDemo } from "../e2e/fixtures/demo.mjs";
import { visit } from "./browser.mjs";
import { bundles, page, serve } from "./site.mjs";
import { keep, publish } from "./report.mjs";
import { summary } from "./summary.mjs";
import { table } from "./tables.mjs";

const say = (text) => stderr.write(`· ${text}\n`);
const wasm = readFileSync(new URL("../../pkg/wasm/tokenkeeper_bg.wasm", import.meta.url));
const preload = '<link rel="preload" href="/tokenkeeper.wasm" as="fetch" type="application/wasm" crossorigin>';

const STARTS = ["default", "slim", "floor", "oidc-client-ts", "supabase", "auth0", "badgateway", "ky", "axios"];
const FIRST = "badgateway"; // not counted: the browser itself starts with it
const LAUNCHES = 96; // a shared machine is slower for minutes at a time
const VISITS = ["enter", "hand-rolled", "default", "slim"];

const parts = {
  calls: ["a call with a good token (20 seconds)", () => ours("calls")],
  decode: ["decoding (20 seconds)", () => ours("decode")],
  growth: ["growth: calls, tabs, resources (30 seconds)", () => ours("growth", "tab")],
  herd: ["1,000 calls at once on an expired token, at the demo's servers (30 seconds)", () => demo({ herd: "herd" })],
  start: ["starts, each in a process of its own (2 minutes)", starts],
  visit: ["navigation to the first authorised answer (20 seconds)", () => demo(Object.fromEntries(VISITS.map((name) => [`visits/${name}`, `visits/${name}`])))],
};

// A page of the bench's own server.
async function ours(name, ...others) {
  const files = await bundles([name, ...others]);
  for (const each of [name, ...others]) files[`/${each}.html`] = page(each);
  const site = await serve(files);
  try {
    return await visit(`${site.url}/${name}.html`, site.report);
  } finally {
    site.stop();
  }
}

// Pages that the demo's server serves, the first of them to begin with.
async function demo(pages) {
  const folder = mkdtempSync(join(tmpdir(), "tokenkeeper-bench-site-"));
  const write = (name, content) => (mkdirSync(dirname(join(folder, name)), { recursive: true }), writeFileSync(join(folder, name), content));
  const names = Object.keys(pages);
  for (const [address, content] of Object.entries(await bundles(names))) write(address, content);
  for (const name of names) write(`${name}.html`, page(name, name.endsWith("slim") ? preload : ""));
  write("visits/again.html", page("visits/hand-rolled")); // the same once more: what differs is noise
  write("tokenkeeper.wasm", wasm);
  const relay = await serve({ ...(await bundles(["relay"])), "/relay.html": page("relay") });
  const server = await startDemo(folder);
  try {
    return await visit(`${server.url}/${names[0]}.html?report=${relay.url}/relay.html`, relay.report);
  } finally {
    await server.stop();
    relay.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

// Each as a classical script that leaves `app`; what it weighs, and its first and fourth start. In a browser that has
// shown a page before, each from an origin of its own, which with these headers means: in a process of its own.
async function starts() {
  const scripts = await bundles(STARTS.map((name) => `starts/${name}`), { format: "iife", globalName: "app", define: { "import.meta.url": "location.href" } });
  const files = { ...scripts, ...(await bundles(["start"])), "/tokenkeeper.wasm": wasm };
  const result = Object.fromEntries(STARTS.map((name) => [name, { cold: [], warm: [], script: [], module: [], requests: [] }]));
  for (const name of STARTS) result[name].bytes = brotli(scripts[`/starts/${name}.js`]) + (name === "slim" ? brotli(wasm) : 0);
  for (let launch = 0; launch < LAUNCHES; launch += 1) {
    const order = [FIRST, ...rotated(STARTS, launch)];
    const sites = await Promise.all(order.map((name) => serve({ ...files, "/start.html": page("start", name === "slim" ? preload : "") })));
    const address = order.reduceRight((next, name, at) => `${sites[at].url}/start.html?${new URLSearchParams({ start: name, ...(next && { next }) })}`, "");
    try {
      await visit(address, async () => {
        for (const [at, name] of order.entries()) {
          const [cold, warm] = [await sites[at].report(), await sites[at].report()];
          if (at === 0) continue;
          result[name].cold.push(cold.took);
          result[name].warm.push(warm.took);
          result[name].script.push(cold.script);
          result[name].module.push(cold.module ?? 0);
          result[name].requests.push(cold.requests);
        }
      });
    } finally {
      for (const site of sites) site.stop();
    }
  }
  return result;
}

const rotated = (list, by) => [...list.slice(by % list.length), ...list.slice(0, by % list.length)];

const wanted = argv.slice(2);
const unknown = wanted.filter((part) => !parts[part]);
if (unknown.length > 0) {
  stderr.write(`✗ There is no part ${unknown.join(", ")}: name ${Object.keys(parts).join(", ")}.\n`);
  exit(1);
}

say("building the demo's server (the first time usually 2 minutes)");
process.env.TOKENKEEPER_DEMO ??= await demoBinary("--release");

for (const [name, [what, measure]] of Object.entries(parts)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  say(`measuring ${what}`);
  const [load] = loadavg();
  const result = summary[name](await measure());
  console.log(`${table[name](result)}\n`);
  keep(name, result, load);
}
say(publish() ? "written: docs/speed.svg, docs/speed.md and the table in README.md" : "nothing is written before every part has been measured once");
