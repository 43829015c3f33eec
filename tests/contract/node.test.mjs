// The contract in Node, one case after the other: they share one process.

import { ok } from "node:assert/strict";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { startServers } from "./lib/servers.mjs";
import { contractProject } from "./lib/site.mjs";

const project = await contractProject();
const { list, run } = await import(join(project, "cases/default.js"));
const servers = await startServers();
after(() => servers.stop());

describe(`in Node ${process.version}:`, () => {
  for (const { sentence, where } of list()) {
    if (where !== "page") test(sentence, { timeout: 60_000 }, () => quietly(() => run(sentence, servers)));
  }
});

// What the console says must hold no token.
async function quietly(work) {
  const said = [];
  const { log, warn, error } = console;
  for (const name of ["log", "warn", "error"]) console[name] = (...all) => said.push(all.map(String).join(" "));
  try {
    await work();
  } finally {
    Object.assign(console, { log, warn, error });
  }
  const leak = said.find((text) => servers.tokens().some((token) => text.includes(token)));
  ok(!leak, `a token on the console: ${leak}`);
}
