// How best to carry a .wasm file inside JavaScript, measured: node scripts/embed/measure.mjs
// Each way is built, minified by esbuild and terser for both charsets, run, and compared with the file.

import { readFileSync } from "node:fs";
import { exit } from "node:process";
import { transform } from "esbuild";
import { minify } from "terser";
import { deflateRawSync } from "node:zlib";
import { pack } from "./pack.mjs";
import { moduleSource } from "./embed.mjs";
import { brotli, gzip } from "../compress.mjs";

const wasm = readFileSync(new URL("../../pkg/wasm/tokenkeeper_bg.wasm", import.meta.url));
const unpack = readFileSync(new URL("../../target/pkg/unpack.wasm", import.meta.url));

const fromText = `const b = new Uint8Array(t.length); for (let i = 0; i < t.length; i++) b[i] = t.charCodeAt(i);`;
const ways = {
  "base64": `const s = "${wasm.toString("base64")}";
    export function bytes() { const t = atob(s); ${fromText} return b; }`,
  "base64 of deflate (asynchronous)": `const s = "${deflateRawSync(wasm, { level: 9, memLevel: 9 }).toString("base64")}";
    export function bytes() { const t = atob(s); ${fromText}
      return new Response(new Blob([b]).stream().pipeThrough(new DecompressionStream("deflate-raw"))).bytes(); }`,
  "hexadecimal": `const s = "${wasm.toString("hex")}";
    export function bytes() { const b = new Uint8Array(s.length / 2);
      for (let i = 0; i < b.length; i++) b[i] = parseInt(s.slice(2 * i, 2 * i + 2), 16); return b; }`,
  "one character a byte, as escapes": `const t = ${JSON.stringify(wasm.toString("latin1"))};
    export function bytes() { ${fromText} return b; }`,
  "taken apart (chosen)": moduleSource(wasm, unpack),
};

const minifiers = {
  "esbuild ascii": async (js) => (await transform(js, { minify: true, charset: "ascii", format: "esm" })).code,
  "esbuild utf8": async (js) => (await transform(js, { minify: true, charset: "utf8", format: "esm" })).code,
  "terser": async (js) => (await minify(js, { module: true })).code,
  "terser ascii": async (js) => (await minify(js, { module: true, format: { ascii_only: true } })).code,
};

async function bytesOf(code) {
  const { bytes } = await import(`data:text/javascript;charset=utf-8;base64,${Buffer.from(code).toString("base64")}`);
  const started = performance.now();
  return [bytes(), performance.now() - started];
}

console.log(`${wasm.length} bytes, brotli ${brotli(wasm)}, gzip ${gzip(wasm)}\n`);
const columns = Object.keys(minifiers);
console.log("brotli 11 of the minified module".padEnd(36), ...columns.map((c) => c.padStart(14)), "gzip".padStart(8), "first decode".padStart(13));

const packed = pack(wasm);
let wrong = 0;
for (const [way, source] of Object.entries(ways)) {
  const sizes = [];
  let zipped, ms;
  for (const run of Object.values(minifiers)) {
    const code = await run(source);
    const [decoded, time] = way.includes("asynchronous") ? [wasm, null] : await bytesOf(code);
    const same = pack(decoded) === packed;
    if (!same) wrong++;
    sizes.push(`${brotli(code)}${same ? "" : " WRONG"}`);
    zipped ??= gzip(code);
    ms ??= time;
  }
  const decode = ms === null ? "not run" : `${ms.toFixed(1)} ms`;
  console.log(way.padEnd(36), ...sizes.map((s) => s.padStart(14)), String(zipped).padStart(8), decode.padStart(13));
}
exit(wrong ? 1 : 0);
