// Does the built module start, and do the embedded bytes equal the file?
import { readFileSync } from "node:fs";
import { exit } from "node:process";

const wasm = new URL("../pkg/wasm/", import.meta.url);
const { bytes } = await import(new URL("embedded.js", wasm));
const { initSync } = await import(new URL("tokenkeeper.js", wasm));

if (Buffer.compare(bytes(), readFileSync(new URL("tokenkeeper_bg.wasm", wasm))) !== 0) {
  console.error("✗ pkg/wasm/embedded.js does not hold the bytes of tokenkeeper_bg.wasm.");
  exit(1);
}
initSync({ module: bytes() });
