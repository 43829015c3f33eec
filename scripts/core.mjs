// Writes pkg/wasm/core.js, what tokenkeeper/testing runs: the package's own code, as it is, in a function whose parameters
// stand in place of the platform. So the package itself needs no place to put a clock into.

import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const pkg = fileURLToPath(new URL("../pkg/", import.meta.url));
const platform = [
  "fetch", "setTimeout", "clearTimeout", "Date", "performance", "Math", "navigator", "globalThis",
  "window", "self", "document", "indexedDB", "BroadcastChannel", // those that a test has not
];

await build({
  stdin: { contents: 'export { createManager } from "./face.js"; export { load } from "./module.js";', resolveDir: pkg },
  bundle: true, format: "iife", globalName: "core", minifyWhitespace: true, logLevel: "warning", outfile: `${pkg}wasm/core.js`,
  banner: { js: `export function coreIn({ ${platform.join(", ")} }) {` },
  footer: { js: "return core;\n}" },
});
