// All tests that need the packed package, real servers and a real browser: node tests/e2e/run.mjs [part of a file's name…]

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { argv, env, exit, stderr } from "node:process";
import { demoBinary } from "./fixtures/demo.mjs";
import { installed, remove, top } from "./fixtures/package.mjs";
import { buildSite } from "./fixtures/site.mjs";

const say = (text) => stderr.write(`· ${text}\n`);

const wanted = argv.slice(2);
const files = ["tests/contract", "tests/e2e"]
  .flatMap((folder) => readdirSync(join(top, folder)).map((name) => `${folder}/${name}`))
  .filter((file) => file.endsWith(".test.mjs") && (wanted.length === 0 || wanted.some((part) => file.includes(part))));
if (files.length === 0) {
  stderr.write(`✗ There is no test file with ${wanted.join(" or ")} in its name.\n`);
  exit(1);
}

let project, site;
try {
  if (!env.TOKENKEEPER_DEMO) {
    say("building the demo's server (the first time usually 2 minutes)");
    env.TOKENKEEPER_DEMO = await demoBinary();
  }
  say("installing the packed package in an empty project, and bundling it with esbuild");
  project = env.TOKENKEEPER_PROJECT = await installed();
  site = env.TOKENKEEPER_SITE = await buildSite(project);

  say(`running ${files.length} files, two at a time (usually 6 minutes)`);
  const options = ["--test", "--test-concurrency=2", "--test-reporter=spec"];
  const child = spawn(process.execPath, [...options, ...files], { cwd: top, stdio: "inherit" });
  const overdue = setTimeout(() => (stderr.write("✗ Stopped: nothing here takes half an hour.\n"), child.kill()), 30 * 60_000);
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  const [code] = await once(child, "exit");
  clearTimeout(overdue);
  process.exitCode = code ?? 1;
} finally {
  for (const folder of [project, site]) if (folder) remove(folder);
}
