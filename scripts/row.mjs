// Puts a module's functions into an order in which the module compresses well: node scripts/row.mjs NAMED.wasm OUT.wasm
// Which one is best nobody can tell beforehand, so some are tried.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { argv } from "node:process";
import { brotli } from "./compress.mjs";
import { inRows } from "./wasm.mjs";

const TRIED = 24;

const [, , from, to] = argv;
let best;
for (const module of inRows(readFileSync(from), TRIED)) {
  writeFileSync(to, module);
  execFileSync("wasm-opt", ["--reorder-functions-by-name", "--strip-debug", "--strip-target-features", to, "-o", to]);
  const tried = readFileSync(to);
  const size = brotli(tried);
  if (!best || size < best.size) best = { tried, size };
}
writeFileSync(to, best.tried);
