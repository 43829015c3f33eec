// Chromium with no driver on its line: what a driver listens to slows a page down. Pages report by themselves.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const program = process.env.CHROMIUM || "/usr/bin/chromium";
const quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
// Tabs behind others are as fast as the one in front, or they would not be compared but throttled.
const awake = ["--disable-popup-blocking", "--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows"];

// Its processes write to the end and beyond: profiles go when all is over.
const scratch = mkdtempSync(join(tmpdir(), "tokenkeeper-bench-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true, maxRetries: 10 }));

/** Opens an address in a browser of its own, with an empty profile, for as long as `work` takes. */
export async function visit(address, work) {
  const profile = mkdtempSync(join(scratch, "profile-"));
  const child = spawn(program, ["--headless", ...quiet, ...awake, `--user-data-dir=${profile}`, address], { stdio: "ignore" });
  const gone = once(child, "exit");
  const ended = gone.then(() => Promise.reject(new Error("Chromium ended before its page had reported.")));
  let overdue;
  const late = new Promise((_, reject) => (overdue = setTimeout(() => reject(new Error("The page did not report within 3 minutes.")), 180_000)));
  try {
    return await Promise.race([work(), ended, late]);
  } finally {
    clearTimeout(overdue);
    ended.catch(() => {});
    child.kill();
    await gone;
  }
}
