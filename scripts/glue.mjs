// Makes smaller what wasm-bindgen wrote: node scripts/glue.mjs GLUE.js MODULE.wasm (both are rewritten)
//
// The two halves know each other by names such as `__wbg_getItem_4c80b7663197c7ff`: half a kilobyte that nothing can
// compress, and twice. Here imports get numbers and exports letters. Under the glue comes a smaller runtime,
// glue-runtime.js. It is all text replacement, sound for the one version of wasm-bindgen that Cargo.lock names: what
// does not look as expected ends the build.

import { readFileSync, writeFileSync } from "node:fs";
import { argv, exit } from "node:process";
import { renamed } from "./wasm.mjs";

const [, , gluePath, modulePath] = argv;

function die(message) {
  console.error(`✗ wasm-bindgen's glue is not what scripts/glue.mjs knows: ${message}`);
  exit(1);
}

function cut(text, pattern, by = "", times = 1) {
  const count = text.match(new RegExp(pattern, pattern.flags.replace("g", "") + "g"))?.length ?? 0;
  if (times ? count !== times : count === 0) die(`${pattern} is found ${count} times`);
  return text.replace(pattern, by);
}

let glue = readFileSync(gluePath, "utf8");

// The exported class and functions, then the imports, then wasm-bindgen's own runtime: that goes.
const [, exported, entries] = glue.match(/^([\s\S]*?)\nfunction __wbg_get_imports\(\) \{\n    const import0 = \{\n        __proto__: null,\n([\s\S]*?)\n    \};\n/) ?? die("no imports");
const registry = glue.match(/^const \w+Finalization = [\s\S]*?;\n/m)?.[0] ?? die("no finalization");

const importNames = [];
const imports = entries.replace(/^ {8}(\w+): /gm, (_, name) => (importNames.push(name), "        "));

glue = `${exported}
// In the order of their numbers.
const imports = () => ({ "": [
${imports}
] });

${registry}
${readFileSync(new URL("glue-runtime.js", import.meta.url), "utf8")}`;

// Nothing frees a Keeper but the garbage collector.
glue = cut(glue, /^    __destroy_into_raw\(\) \{[\s\S]*?\n    \}\n    free\(\) \{[\s\S]*?\n    \}\n/m);
glue = cut(glue, /^if \(Symbol\.dispose\).*\n/m);
glue = cut(glue, /^    constructor\([\s\S]*?, this\);\n        return this;\n/m, (text) => text.replace("        return this;\n", ""));
glue = cut(glue, /function\(\) \{ return handleError\(function \((.*?)\) \{([\s\S]*?)\n {8}\}, arguments\); \},/g, "handleError(($1) => {$2\n        }),", 0);
glue = cut(glue, /^ {8}function\((.*?)\) \{/gm, "        ($1) => {", 0);
// Where tests pretend that Node is a page (jsdom under Vitest), the global object is the window, and of no such class.
glue = cut(glue, /let result;\n *try \{\n *result = arg0 instanceof Window;\n[\s\S]*?return ret;\n/, "return arg0 === globalThis.window;\n");
glue = cut(glue, /, wasm\.__wbindgen_malloc, wasm\.__wbindgen_realloc\)/g, ")", 0);
// That there is nothing, the runtime sees for all of them.
glue = cut(glue, /isLikeNone\((\w+)\) \? 0 : (passStringToWasm0|addToExternrefTable0)\(/g, "$2(", 0);
glue = cut(glue, /\w+ === 0 \? undefined : getStringFromWasm0/g, "getStringFromWasm0", 0);
glue = glue.replaceAll("__wbg_ptr", "$");

const exportNames = [...new Set(Array.from(glue.matchAll(/\bwasm\.(\w+)/g), ([, name]) => name))];
const short = (index) => (index < 26 ? "" : String.fromCharCode(96 + Math.floor(index / 26))) + String.fromCharCode(97 + (index % 26));
glue = glue.replace(/\bwasm\.(\w+)/g, (_, name) => `wasm.${short(exportNames.indexOf(name))}`);

const module = renamed(readFileSync(modulePath), {
  import: (name) => ["", String(importNames.includes(name) ? importNames.indexOf(name) : die(`no import ${name}`))],
  export: (name) => (exportNames.includes(name) ? short(exportNames.indexOf(name)) : undefined),
  // What js-sys has for closures and futures, of which there are none here; the table alone would keep it.
  isDead: (name) => /^wasm_bindgen.*::convert::closures::|^js_sys.*::futures::jspi::task_waker::/.test(name),
});
writeFileSync(gluePath, glue);
writeFileSync(modulePath, module);
