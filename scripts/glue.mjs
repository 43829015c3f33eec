// Makes smaller what wasm-bindgen wrote: node scripts/glue.mjs GLUE.js MODULE.wasm (both are rewritten)
//
// The two halves know each other by names such as `__wbg_localStorage_567c24950edbc178`: half a kilobyte that nothing can
// compress, and twice. Here imports get numbers and exports numbers or letters. Most methods of the one exported class, and
// most calls of the one imported, pass on what they get: of those only the names remain, and the runtime, glue-runtime.js,
// makes them. It is all text replacement, sound for the one version of wasm-bindgen that Cargo.lock names: what does not
// look as expected ends the build.

import { readFileSync, writeFileSync } from "node:fs";
import { argv, exit } from "node:process";
import { renamed } from "./wasm.mjs";

const [, , gluePath, modulePath] = argv;
const written = readFileSync(gluePath, "utf8");

function die(message) {
  console.error(`✗ wasm-bindgen's glue is not what scripts/glue.mjs knows: ${message}`);
  exit(1);
}

const part = (pattern) => written.match(pattern)?.[1] ?? die(`${pattern} is not found`);
const methodsIn = (text) => Array.from(text.matchAll(/^    (\w+)\((.*)\) \{\n([\s\S]*?)^    \}\n/gm), ([, name, params, body]) => ({ name, params, body }));

// Of the class: `constructor`, `free` and the like are the runtime's.
const own = ["__destroy_into_raw", "free", "constructor"];
const methods = methodsIn(part(/^export class Keeper \{\n([\s\S]*?)^\}\n/m)).filter(({ name }) => !own.includes(name));
const methodNames = [];
const methodCalls = [];
const otherMethods = methods.filter(({ name, params, body }) => {
  // Numbers and booleans cross by themselves, and 0 and 1 come back for the latter.
  const [, call, passed] = body.match(/^ *(?:const ret = )?wasm\.(\w+)\(this\.__wbg_ptr(?:, )?(.*)\);\n(?: *return ret(?: !== 0)?;\n)?$/) ?? [];
  if (passed !== params) return true;
  methodNames.push(name);
  methodCalls.push(call);
  return false;
});

// Of the imports: those that do no more than call a method of the hands come first.
const imports = Array.from(part(/^function __wbg_get_imports\(\) \{\n    const import0 = \{\n        __proto__: null,\n([\s\S]*?)^    \};\n/m).matchAll(/^ {8}(\w+): ([\s\S]*?)^ {8}(.*)\},\n/gm), ([all, name]) => ({ name, all }));
const UNUSED = /static_accessor_(GLOBAL|SELF|WINDOW)_[0-9a-f]+$|__wbindgen_is_undefined_/;
const callNames = [];
const handed = [];
const otherImports = imports.filter(({ name, all }) => {
  if (UNUSED.test(name)) return false;
  const [, params, method, passed] = all.match(/: function\(arg0(.*)\) \{\n *arg0\.(\w+)\((.*)\);\n {8}\},\n$/) ?? [];
  if (method === undefined || params.slice(2) !== passed) return true;
  callNames.push(method);
  handed.push(name);
  return false;
});
const importNames = [...handed, ...otherImports.map(({ name }) => name)];

const free = part(/^const KeeperFinalization = [\s\S]*?new FinalizationRegistry\((.*)\);\n/m);
const functions = part(/^export class Keeper [\s\S]*?^\}\nif \(Symbol\.dispose\).*\n([\s\S]*?)^function __wbg_get_imports/m);

let glue = `import { utf8 } from "../values.js";

// What the module is told, by its exports' numbers, and what it calls, by its imports'.
const METHODS = "${methodNames.join(" ")}".split(" ");
const CALLS = "${callNames.join(" ")}".split(" ");

export const Keeper = (function (...values) {
  this.$ = wasm.keeper_new(...values);
  kept.register(this, this.$);
});

Object.assign(Keeper.prototype, {
${otherMethods.map(({ name, params, body }) => `  ${name}(${params}) {\n${body}  },\n`).join("")}});

METHODS.forEach(((name, number) => {
  Keeper.prototype[name] = (function (...values) {
    return wasm[number](this.$, ...values);
  });
}));

// What is collected here is freed there.
const kept = new FinalizationRegistry(${free});
${functions}
const imports = (() => ({ "": [
  ...CALLS.map(((name) => ((hands, ...values) => hands[name](...values)))),
${otherImports.map(({ name, all }) => all.replace(`${name}: `, "")).join("")}] }));

${readFileSync(new URL("glue-runtime.js", import.meta.url), "utf8")}`;

function replace(pattern, by) {
  if (!pattern.test(glue)) die(`${pattern} is not found`);
  glue = glue.replace(pattern, by);
}
replace(/function\(\) \{ return handleError\(function \((.*?)\) \{([\s\S]*?)\n {8}\}, arguments\); \},/g, "handleError(($1) => {$2\n        }),");
replace(/^ {8}function\((.*?)\) (\{[\s\S]*?\n {8}\}),$/gm, "        (($1) => $2),");
replace(/^export function flawOf\((.*?)\) (\{[\s\S]*?\n\})$/m, "export const flawOf = (($1) => $2);");
// Where the window is looked for, there is one (pkg/store.js). Where tests pretend that Node is a page, it may be of no such
// class (jsdom under Vitest), or not the global object (global-jsdom).
replace(/typeof globalThis === 'undefined' \? null : globalThis/, "window");
replace(/let result;\n *try \{\n *result = arg0 instanceof Window;\n[\s\S]*?return ret;\n/, "return true;\n");
replace(/, wasm\.__wbindgen_malloc, wasm\.__wbindgen_realloc\)/g, ")");
// What is used once, where it is used: values are taken from left to right.
replace(/^ *const (ptr\d) = (.*);\n *const (len\d) = (.*);\n((?: *const ptr\d.*\n *const len\d.*\n)*)(.*?)\b\1, \3\b/gm, "$5$6$2, $4");
replace(/^ *const (ptr\d) = (.*);\n *const (len\d) = (.*);\n(.*?)\b\1, \3\b/gm, "$5$2, $4");
replace(/const ret = (.*);\n *return (.*)\bret\b/g, "return $2$1");
// That there is nothing, the runtime sees for all of them.
replace(/isLikeNone\((\w+)\) \? 0 : addToExternrefTable0\(/g, "addToExternrefTable0(");
replace(/\w+ === 0 \? undefined : getStringFromWasm0/g, "getStringFromWasm0");
replace(/__wbg_ptr/g, "$");

const exportNames = [...new Set(Array.from(glue.matchAll(/\bwasm\.(\w+)/g), ([, name]) => name))];
if (exportNames.length > 26) die("there are more exports than letters");
const letter = (name) => String.fromCharCode(97 + exportNames.indexOf(name));
glue = glue.replace(/\bwasm\.(\w+)/g, (_, name) => `wasm.${letter(name)}`);

const module = renamed(readFileSync(modulePath), {
  import: (name) => ["", UNUSED.test(name) ? "unused" : String(importNames.includes(name) ? importNames.indexOf(name) : die(`no import ${name}`))],
  export: (name) => (methodCalls.includes(name) ? String(methodCalls.indexOf(name)) : exportNames.includes(name) ? letter(name) : undefined),
  // js-sys looks for the global object under four names. Where there is no `globalThis`, there is no WebAssembly.
  instead: (name) => (/::global::get_global_object$/.test(name) ? /static_accessor_GLOBAL_THIS_/ : undefined),
  // So nobody asks for the other three, nor for what js-sys has for closures and futures, of which there are none here; the
  // table alone would keep them. What imports of theirs remain, wasm-opt takes out.
  isDead: (name) => /::global::get_global_object::\w+::init$|^wasm_bindgen.*::convert::closures::|^js_sys.*::futures::jspi::task_waker::/.test(name),
});
writeFileSync(gluePath, glue);
writeFileSync(modulePath, module);
