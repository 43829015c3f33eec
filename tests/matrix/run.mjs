// The packed package in the tools of its users: node tests/matrix/run.mjs HOME [--fast | PROJECT…]
// Each project is built and opened in Chromium, where it logs in, calls, has its token refreshed and calls again.
// They are installed in the folder HOME, and stay there.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { argv, exit, stderr, versions } from "node:process";
import { installed, lay } from "./lib/stage.mjs";
import { trials } from "./lib/trials.mjs";
import { projects } from "./projects.mjs";

const [, , home, ...wanted] = argv;
const fast = wanted[0] === "--fast";
const stranger = wanted.find((name) => !fast && !projects[name]);
if (!home || stranger) {
  stderr.write(`✗ ${home ? `There is no ${stranger}` : "HOME is missing"}. The projects: ${Object.keys(projects).join(", ")}\n`);
  exit(1);
}
const chosen = Object.entries(projects)
  .filter(([name, { fast: part }]) => (fast ? part : wanted.length === 0 || wanted.includes(name)))
  .map(([name, project]) => [name, { ...project, ...(fast && project.fast) }]);

// What was started ends with this process.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => exit(1));

const rows = [];
const { stop, ...modes } = await trials();
for (const [name, project] of chosen) {
  stderr.write(`· ${name}\n`);
  let folder;
  if (!(await tried({ name, entry: "installation" }, async () => void (folder = await installed(name, home))))) continue;
  const version = versionOf(project, folder);
  for (const entry of project.entries) {
    for (const mode of project.modes) {
      await tried({ name, version, entry, mode }, () => {
        lay(name, entry, project, folder);
        return modes[mode](folder, entry, project);
      });
    }
  }
}
await stop();
print();
exit(rows.some(({ error }) => error) ? 1 : 0);

async function tried(row, work) {
  const from = Date.now();
  try {
    Object.assign(row, await work());
  } catch (error) {
    row.error = error;
  }
  stderr.write(`·   ${row.entry} ${row.mode ?? ""} ${result(row)}, ${Math.round((Date.now() - from) / 1000)} s\n`);
  if (row.error) stderr.write(`${row.error.stack}\n`);
  if (row.mode || row.error) rows.push(row);
  return !row.error;
}

function result({ mode, error }) {
  if (error) return "FAILS";
  return mode ? "works" : "done";
}

function versionOf({ tool, modes }, folder) {
  if (tool) return JSON.parse(readFileSync(join(folder, "node_modules", tool, "package.json"))).version;
  return modes.includes("node") ? versions.node : "";
}

function print() {
  const line = (...cells) => console.log(cells.map((cell, i) => String(cell ?? "").padEnd([10, 9, 12, 7, 6, 6, 12][i])).join("  ").trimEnd());
  console.log();
  line("project", "version", "entry", "mode", "result", "policy", "bytes, brotli");
  for (const row of rows) line(row.name, row.version, row.entry, row.mode, result(row), row.policy, row.bytes?.toLocaleString("en"));
  const failed = rows.filter(({ error }) => error).length;
  console.log(`\n${rows.length - failed} passed, ${failed} failed`);
}
