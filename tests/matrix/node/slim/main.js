import { readFile } from "node:fs/promises";
import { createTokenManager, load } from "tokenkeeper/slim";
import { scenario } from "./scenario.js";

// Node's fetch knows no files.
await load(await readFile(new URL(import.meta.resolve("tokenkeeper/tokenkeeper.wasm"))));
console.log(JSON.stringify(await scenario(createTokenManager, process.argv[2], "memory")));
