// The scripts of a project's package.json, run as its user would.

import { spawn } from "node:child_process";
import { once } from "node:events";

// Nothing calls home, asks, or colours.
const env = {
  ...process.env,
  CI: "true", NO_COLOR: "1", FORCE_COLOR: undefined, DO_NOT_TRACK: "1", BROWSER: "none",
  NEXT_TELEMETRY_DISABLED: "1", NEXT_IGNORE_INCORRECT_LOCKFILE: "1", NG_CLI_ANALYTICS: "false",
  BROWSERSLIST_IGNORE_OLD_DATA: "1", npm_config_update_notifier: "false", npm_config_loglevel: "error",
};

// Nothing here takes longer.
const LIMIT = 5 * 60_000;

function start(command, folder) {
  // A group of its own, so that what npm started ends with it.
  const child = spawn(command[0], command.slice(1), { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const kill = () => {
    try {
      process.kill(-child.pid);
    } catch {
      // It has ended.
    }
  };
  const overdue = setTimeout(kill, LIMIT);
  process.once("exit", kill);
  child.once("close", () => {
    clearTimeout(overdue);
    process.off("exit", kill);
  });
  const started = { child, kill, said: "" };
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (started.said += data));
  return started;
}

/** What a command says until its end. */
export async function output(command, folder) {
  const started = start(command, folder);
  const [code] = await once(started.child, "close");
  if (code !== 0) throw new Error(`${command.join(" ")} failed (${code}):\n${started.said.slice(-4000)}`);
  return started.said;
}

/** Starts a server; its address is the first that it names. */
export async function serve(command, folder) {
  const started = start(command, folder);
  const { child, kill } = started;
  const address = await new Promise((resolve, reject) => {
    const look = () => {
      const [found] = started.said.match(/http:\/\/(127\.0\.0\.1|localhost):[1-9]\d*(?=\D)/) ?? [];
      if (found) resolve(found);
    };
    child.stdout.on("data", look);
    child.stderr.on("data", look);
    child.on("close", (code) => reject(new Error(`${command.join(" ")} ended (${code}):\n${started.said.slice(-4000)}`)));
  });
  return {
    address,
    said: () => started.said,
    async stop() {
      kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, "close");
    },
  };
}
