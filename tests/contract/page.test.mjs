// Every case of the contract in Chromium: with the default entry, with the same bundle minified, and with the slim entry.

import { ok } from "node:assert/strict";
import { cpSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { bundle } from "../e2e/fixtures/package.mjs";
import { contractProject, visited } from "./lib/site.mjs";

const project = await contractProject();
const root = mkdtempSync(join(tmpdir(), "tokenkeeper-contract-"));
await bundle(project, "cases/default.js", join(root, "bundled/app.js"));
await bundle(project, "cases/default.js", join(root, "minified/app.js"), { minify: true });
await bundle(project, "cases/slim.js", join(root, "slim/app.js"));
cpSync(join(project, "node_modules/tokenkeeper/wasm/tokenkeeper_bg.wasm"), join(root, "slim/wasm/tokenkeeper_bg.wasm"));

const { list } = await import(join(project, "cases/default.js"));
const { servers, browser } = await visited(root);

// Each has its own storage and runs one case after the other.
const workers = await Promise.all(Array.from({ length: 4 }, async () => {
  const page = await (await browser.newContext()).newPage();
  const worker = { page, said: [] };
  page.on("console", (message) => worker.said.push(message.text()));
  page.on("pageerror", (error) => worker.said.push(`uncaught: ${error.stack}`));
  return worker;
}));

for (const variant of ["bundled", "minified", "slim"]) {
  describe(`in Chromium, ${variant}:`, { concurrency: workers.length }, () => {
    before(() => Promise.all(workers.map(({ page }) => page.goto(`${servers.page}/${variant}/`))));
    for (const { sentence, where } of list()) {
      if (where !== "node") test(sentence, { timeout: 60_000 }, () => inPage(sentence));
    }
  });
}

// What the console says must hold no token, and nothing may break the page's policy.
async function inPage(sentence) {
  const worker = workers.pop();
  const { page, said } = worker;
  try {
    const { page: own, other } = servers;
    await page.evaluate(([sentence, servers]) => globalThis.contract.run(sentence, servers), [sentence, { page: own, other }]);
    const wrong = said.filter((text) => /uncaught|Content Security Policy/.test(text) || servers.tokens().some((token) => text.includes(token)));
    ok(wrong.length === 0, wrong.join("\n"));
  } finally {
    said.length = 0;
    workers.push(worker);
  }
}
