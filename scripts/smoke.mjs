// Does the built module start, and are the embedded bytes those of the file? The lengths of functions may be written
// differently, which a packed module does not know of.
import { readFileSync } from "node:fs";
import { exit } from "node:process";
import { pack } from "./embed/pack.mjs";

const wasm = new URL("../pkg/wasm/", import.meta.url);
const { bytes } = await import(new URL("embedded.js", wasm));
const { initSync } = await import(new URL("tokenkeeper.js", wasm));

if (pack(bytes()) !== pack(readFileSync(new URL("tokenkeeper_bg.wasm", wasm)))) {
  console.error("✗ pkg/wasm/embedded.js does not hold the bytes of tokenkeeper_bg.wasm.");
  exit(1);
}
initSync({ module: bytes() });
