// Does the built module start, and are the embedded bytes those of the file, whether the platform decodes them or not?
import { readFileSync } from "node:fs";
import { exit } from "node:process";

const wasm = new URL("../pkg/wasm/", import.meta.url);
const { bytes } = await import(new URL("embedded.js", wasm));
const { initSync } = await import(new URL("tokenkeeper.js", wasm));

const embedded = [bytes()];
delete Uint8Array.fromHex;
embedded.push(bytes());
const module = readFileSync(new URL("tokenkeeper_bg.wasm", wasm));
if (!embedded.every((bytes) => module.equals(bytes))) {
  console.error("✗ pkg/wasm/embedded.js does not hold the bytes of tokenkeeper_bg.wasm.");
  exit(1);
}
initSync({ module: bytes() });
