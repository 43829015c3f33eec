// How the package comes into a page or a process: what it fetches, what it touches, and what a policy may forbid.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { bundle } from "../e2e/fixtures/package.mjs";
import { startServers } from "./lib/servers.mjs";
import { contractProject, policy, visited } from "./lib/site.mjs";

const project = await contractProject();
const root = mkdtempSync(join(tmpdir(), "tokenkeeper-loading-"));
for (const [name, specifier] of [["default", "tokenkeeper"], ["slim", "tokenkeeper/slim"]]) {
  const entry = join(project, `all-of-${name}.js`);
  writeFileSync(entry, `export * from "${specifier}";`);
  await bundle(project, entry, join(root, name, "all.js"));
}
cpSync(join(project, "node_modules/tokenkeeper/wasm/tokenkeeper_bg.wasm"), join(root, "slim/wasm/tokenkeeper_bg.wasm"));

const { servers, browser } = await visited(root);

// A page without a script of ours, and what it requests from then on.
async function emptyPage(variant, csp = policy) {
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${servers.page}/${variant}/?empty&csp=${encodeURIComponent(csp)}`);
  const requested = [];
  page.on("request", (request) => requested.push(new URL(request.url()).pathname));
  return { page, requested };
}

const options = { server: { kind: "json", login: "https://api.example.com/login" } };

test("importing the default entry in a page touches nothing and fetches nothing, and neither does using it", async () => {
  const { page, requested } = await emptyPage("default");
  const seen = await page.evaluate(async (options) => {
    const globals = () => Reflect.ownKeys(globalThis).length + Reflect.ownKeys(Array.prototype).length + Reflect.ownKeys(Promise.prototype).length;
    const before = [globals(), globalThis.fetch, localStorage.length];
    const tk = await import("/default/all.js");
    const after = [globals(), globalThis.fetch, localStorage.length];
    const same = before.every((value, i) => value === after[i]);
    const exports = Object.keys(tk).sort();
    await tk.createTokenManager(options);
    return { same, exports };
  }, options);
  deepEqual(seen, { same: true, exports: ["createTokenManager", "decodeJwt", "isTokenError"] });
  deepEqual(requested, ["/default/all.js"]);
});

test("the slim entry fetches its module once, when it is first needed, and compiles it while it streams in", async () => {
  const { page, requested } = await emptyPage("slim");
  const streamed = await page.evaluate(async (options) => {
    let streamed = 0;
    const { instantiateStreaming } = WebAssembly;
    WebAssembly.instantiateStreaming = (...all) => (streamed++, instantiateStreaming(...all));
    const tk = await import("/slim/all.js");
    await new Promise((resolve) => setTimeout(resolve, 100));
    const early = performance.getEntriesByType("resource").filter(({ name }) => name.endsWith(".wasm")).length;
    await Promise.all([tk.createTokenManager(options), tk.load(), tk.createTokenManager({ ...options, name: "two" })]);
    return { early, streamed };
  }, options);
  deepEqual(streamed, { early: 0, streamed: 1 });
  deepEqual(requested, ["/slim/all.js", "/slim/wasm/tokenkeeper_bg.wasm"]);
});

test("the slim entry takes the module's bytes or address from its caller", async () => {
  const { page, requested } = await emptyPage("slim");
  await page.evaluate(async (options) => {
    const tk = await import("/slim/all.js");
    await tk.load(new Uint8Array(await (await fetch("/slim/wasm/tokenkeeper_bg.wasm")).arrayBuffer()));
    await tk.createTokenManager(options);
  }, options);
  equal(requested.filter((path) => path.endsWith(".wasm")).length, 1);
});

test("where the module should be and is not, the slim entry names the address, and blames no policy", async () => {
  const { page } = await emptyPage("slim");
  const messages = await page.evaluate(async () => {
    const tk = await import("/slim/all.js");
    const failure = (address) => tk.load(address).then(() => "no error", (error) => `${error.code} ${error.message}`);
    return [await failure("/slim/gone.wasm"), await failure("/slim/?empty")];
  });
  const told = messages.map((message) => message.replace(servers.page, "…"));
  deepEqual(told, [
    "undefined The WebAssembly module could not be fetched: 404, application/json from …/slim/gone.wasm",
    "undefined The WebAssembly module could not be fetched: 200, text/html from …/slim/?empty",
  ]);
});

for (const variant of ["default", "slim"]) {
  test(`a policy without 'wasm-unsafe-eval' gives wasm_blocked, which names the directive (${variant})`, async () => {
    const { page } = await emptyPage(variant, "default-src 'none'; script-src 'self'; connect-src 'self'");
    const error = await page.evaluate(async ([variant, options]) => {
      const tk = await import(`/${variant}/all.js`);
      return tk.createTokenManager(options).then(
        () => "no error",
        (error) => ({ code: error.code, message: error.message, retryable: error.retryable, ours: tk.isTokenError(error) }),
      );
    }, [variant, options]);
    deepEqual({ ...error, message: "" }, { code: "wasm_blocked", message: "", retryable: false, ours: true });
    match(error.message, /'wasm-unsafe-eval'.*script-src|script-src.*'wasm-unsafe-eval'/s);
  });
}

test("what is imported and not used leaves nothing in a bundle", async () => {
  const entry = join(project, "unused.js");
  writeFileSync(entry, 'import "tokenkeeper"; import { createTokenManager } from "tokenkeeper/slim"; console.log(1);');
  await bundle(project, entry, join(root, "unused.js"), { minify: true });
  ok(readFileSync(join(root, "unused.js")).length < 100, "a few bytes");
});

// In a process of its own, so that nothing of the tests is in the way.
async function inNode(code) {
  const file = join(project, `process-${Math.random().toString(36).slice(2)}.mjs`);
  writeFileSync(file, code);
  const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: project, timeout: 20_000 });
  return stdout.trim();
}

for (const specifier of ["tokenkeeper", "tokenkeeper/slim"]) {
  test(`importing ${specifier} in Node has no side effect`, async () => {
    const said = await inNode(`
      const touched = [];
      const watch = (object, name) => { const was = object[name]; object[name] = (...all) => (touched.push(name), was.apply(object, all)); };
      for (const name of ["fetch", "setTimeout", "setInterval", "BroadcastChannel", "queueMicrotask"]) watch(globalThis, name);
      for (const name of ["compile", "instantiate", "instantiateStreaming", "Module", "Instance"]) watch(WebAssembly, name);
      const state = () => Reflect.ownKeys(globalThis).map(String).join() + Reflect.ownKeys(WebAssembly).map(String).join();
      const before = state();
      const tk = await import("${specifier}");
      console.log(state() === before, touched.join() || "nothing", Object.keys(tk).length);
    `);
    match(said, /^true nothing [34]$/);
  });
}

for (const [what, page] of [
  ["as Vitest makes one of Node and jsdom, the session lives in its localStorage", "Object.defineProperties(globalThis, { window: { value: globalThis }, localStorage: { value: localStorage }, Window: { value: class Window {} } })"],
  ["as global-jsdom makes it, whose window is beside the global object, it lives in that window's", "globalThis.window = { localStorage }"],
]) {
  test(`in a page that is none, ${what}`, async () => {
    const said = await inNode(`
      import { createTokenManager } from "tokenkeeper";
      const kept = new Map();
      const localStorage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, text) => void kept.set(key, text), removeItem: (key) => void kept.delete(key) };
      ${page};
      globalThis.fetch = async () => Response.json({ access_token: "a" });
      const manager = await createTokenManager(${JSON.stringify(options)});
      await manager.login({});
      console.log([...kept.keys()].join());
    `);
    equal(said, "tokenkeeper");
  });
}

test("managers come and go where there is no web storage, as on a server, and the module has no less room after", async () => {
  const said = await inNode(`
    import { createTokenManager } from "tokenkeeper";
    for (let count = 0; count < 25_000; count++) (await createTokenManager(${JSON.stringify(options)})).close();
    console.log("all of them");
  `);
  equal(said, "all of them");
});

test("an open manager does not keep a Node process alive", async () => {
  const server = await startServers();
  try {
    const world = await (await fetch(`${server.other}/worlds`, { method: "POST", body: JSON.stringify({ lifetime: 3600 }) })).json();
    const base = `${server.other}/w/${world.id}`;
    const said = await inNode(`
      import { createTokenManager } from "tokenkeeper";
      const manager = await createTokenManager({ server: { kind: "json", login: "${base}/login", refresh: "${base}/refresh" }, resources: ["${server.other}"], storage: "memory" });
      await manager.login({ password: "right" });
      console.log((await manager.fetch("${base}/api")).status);
    `);
    equal(said, "200");
  } finally {
    server.stop();
  }
});
