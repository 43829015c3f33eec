// Where the results go.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { plot } from "./plot.mjs";
import { brief, table } from "./tables.mjs";

const path = (relative) => new URL(`../../${relative}`, import.meta.url);
const kept = path("tests/bench/results.json");

/** Takes a part's figures in, with when and in what they were measured, and how much else was going on. */
export function keep(name, result, load) {
  const browser = execFileSync(process.env.CHROMIUM || "chromium", ["--version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).match(/\w+ \d+/)[0];
  const where = { day: new Date().toISOString().slice(0, 10), browser, cores: cpus().length, load: Number(load.toFixed(1)) };
  writeFileSync(kept, `${JSON.stringify({ ...known(), [name]: { ...where, result } }, null, 1)}\n`);
}

/** Writes the plot and the tables, once there is something of every part. */
export function publish() {
  const all = known();
  if (!Object.keys(table).every((name) => all[name])) return false;
  const results = Object.fromEntries(Object.entries(all).map(([name, { result }]) => [name, result]));
  const { day, browser, cores } = all.calls;
  const loads = Object.values(all).map(({ load }) => load);
  const made = `\`make bench\` measured this on ${day} in ${browser} on ${cores} shared cores, with a load of ${Math.min(...loads)} to ${Math.max(...loads)}.`;
  writeFileSync(path("docs/speed.svg"), plot(results));
  between("README.md", `${made}\n\n${brief(results)}`);
  between("docs/speed.md", [made, ...Object.entries(table).map(([name, show]) => show(results[name]))].join("\n\n"));
  return true;
}

function known() {
  return existsSync(kept) ? JSON.parse(readFileSync(kept, "utf8")) : {};
}

function between(file, content) {
  const whole = readFileSync(path(file), "utf8");
  writeFileSync(path(file), whole.replace(/(<!-- bench -->\n)[^]*?(\n<!-- end of bench -->)/, (_, begin, end) => begin + content + end));
}
