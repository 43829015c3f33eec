// The entries beside the package's own, and the recipes: in Node where that makes sense, and in Chromium. With the libraries
// that tests/adapters/package.json names, in an empty project into which the tarball was installed.

import { ok } from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { visited } from "../contract/lib/site.mjs";
import { bring, bundle, installed, remove } from "../e2e/fixtures/package.mjs";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

const project = await installed();
const root = mkdtempSync(join(tmpdir(), "tokenkeeper-adapters-"));
const libraries = at("node_modules");
for (const name of readdirSync(libraries).filter((name) => !name.startsWith("."))) {
  symlinkSync(join(libraries, name), join(project, "node_modules", name));
}
bring(project, at("cases"), "cases");
bring(project, at("../contract/lib"), "lib");
bring(project, at("recipes"), "recipes");
// The code under each heading of the page is a module by its name.
for (const [, heading, code] of readFileSync(at("../../docs/recipes.md"), "utf8").matchAll(/^## (.+)\n+^```js\n([^]*?)^```/gm)) {
  writeFileSync(join(project, "recipes", `${heading.toLowerCase().replaceAll(" ", "-")}.js`), code);
}
await bundle(project, "cases/all.js", join(root, "page/app.js"));

after(() => remove(project));
const { servers, browser } = await visited(root);
const page = await browser.newPage();
const said = [];
page.on("console", (message) => said.push(message.text()));
page.on("pageerror", (error) => said.push(`uncaught: ${error.stack}`));
await page.goto(`${servers.page}/page/`);

const { list, run } = await import(join(project, "cases/all.js"));

describe(`in Node ${process.version}:`, () => {
  for (const { sentence, where } of list()) {
    if (where !== "page") test(sentence, { timeout: 60_000 }, () => run(sentence, servers));
  }
});

describe("in Chromium:", () => {
  for (const { sentence, where } of list()) {
    if (where !== "node") test(sentence, { timeout: 60_000 }, () => inPage(sentence));
  }
});

// What the console says must hold no token, and nothing may go wrong unnoticed.
async function inPage(sentence) {
  said.length = 0;
  const { page: own, other } = servers;
  await page.evaluate(([sentence, servers]) => globalThis.contract.run(sentence, servers), [sentence, { page: own, other }]);
  const wrong = said.filter((text) => /uncaught|Content Security Policy/.test(text) || servers.tokens().some((token) => text.includes(token)));
  ok(wrong.length === 0, wrong.join("\n"));
}
