// A project as its user has it: outside the tree, so that nothing of ours is found from there, with what its lock file
// names and the packed package.

import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { packed, remove } from "../../e2e/fixtures/package.mjs";

const run = promisify(execFile);
const sources = fileURLToPath(new URL("../", import.meta.url));

const unpacked = pack();
async function pack() {
  const folder = mkdtempSync(join(tmpdir(), "tokenkeeper-matrix-"));
  process.on("exit", () => remove(folder));
  await run("tar", ["-xzf", join(folder, await packed(folder)), "-C", folder]);
  return join(folder, "package");
}

/** A project's folder under `home`, with all that it depends on. The next run finds it installed. */
export async function installed(name, home) {
  const folder = join(home, name);
  const modules = join(folder, "node_modules");
  mkdirSync(modules, { recursive: true });
  const lock = join(sources, name, "package-lock.json");
  const stamp = join(modules, ".for-lock");
  if (existsSync(lock) && !(existsSync(stamp) && readFileSync(stamp).equals(readFileSync(lock)))) {
    for (const file of ["package.json", "package-lock.json"]) cpSync(join(sources, name, file), join(folder, file));
    await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: folder, maxBuffer: 1 << 26 });
    cpSync(lock, stamp);
  }
  // A lock file cannot name a tarball that is built anew each time. The package has no dependencies and no
  // install script, so `npm install` would do no more than this.
  remove(join(modules, "tokenkeeper"));
  cpSync(await unpacked, join(modules, "tokenkeeper"), { recursive: true });
  return folder;
}

const ENTRIES = ["default", "slim", "worker", "service"];

/** Lays the sources of one entry into the folder, in place of what was there: our app, or the project's own. */
export function lay(name, entry, { ownApp, script, preload }, folder) {
  for (const old of readdirSync(folder)) if (old !== "node_modules") remove(join(folder, old));
  // What tools cache in there they know by the lock file alone.
  for (const cache of [".vite", ".vite-temp", ".cache"]) remove(join(folder, "node_modules", cache));

  const bring = (part) => existsSync(join(sources, part)) && cpSync(join(sources, part), folder, { recursive: true });
  cpSync(join(sources, "app/scenario.js"), join(folder, "scenario.js"));
  if (!ownApp) {
    cpSync(join(sources, "app/index.html"), join(folder, "index.html"));
    bring(`app/${entry === "slim" ? "default" : entry}`);
  }
  bring(name);
  for (const each of ENTRIES) remove(join(folder, each));
  if (script) rewrite(join(folder, "index.html"), 'type="module"', script);
  if (entry === "slim") {
    importSlim(folder);
    if (preload) rewrite(join(folder, "index.html"), "<script", `${PRELOAD}href="${preload}" />\n    <script`);
  }
  bring(`${name}/${entry}`);
}

// As the docs tell it.
const PRELOAD = '<link rel="preload" as="fetch" type="application/wasm" crossorigin ';

function importSlim(folder) {
  for (const { name, parentPath } of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = join(parentPath, name);
    if (file.startsWith(join(folder, "node_modules")) || !/\.(js|ts|svelte)$/.test(name)) continue;
    rewrite(file, 'from "tokenkeeper"', 'from "tokenkeeper/slim"');
  }
}

function rewrite(file, from, to) {
  writeFileSync(file, readFileSync(file, "utf8").replace(from, to));
}
