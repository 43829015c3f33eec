// Gives a module's functions names by which they stand best for compression: node scripts/row.mjs IN.wasm OUT.wasm

import { readFileSync, writeFileSync } from "node:fs";
import { argv } from "node:process";
import { inRow } from "./wasm.mjs";

const [, , from, to] = argv;
writeFileSync(to, inRow(readFileSync(from)));
