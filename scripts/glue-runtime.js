// What stands under the generated glue, in place of wasm-bindgen's own: the same, less what the package does not use
// (a default address of the module, `free`) and what no browser needs that runs this module.
// The names are wasm-bindgen's, as the generated part calls them.

let wasm;

const start = (({ exports }) => {
  wasm = exports;
  wasm.__wbindgen_start();
});

export const initSync = (({ module }) => {
  const compiled = module instanceof WebAssembly.Module ? module : new WebAssembly.Module(module);
  if (!wasm) start(new WebAssembly.Instance(compiled, imports()));
});

// Takes an address, a Response, bytes or a Module, or a promise of one.
export default async function init({ module_or_path: source }) {
  let module = await source;
  if (typeof module === "string" || module instanceof URL || module instanceof Request) module = await fetch(module);
  let made;
  if (module instanceof Response) {
    const type = module.headers.get("content-type");
    // What they do not have, many servers answer with their page.
    if (!module.ok || /html/.test(type)) throw new Error(`The WebAssembly module could not be fetched: ${module.status}, ${type} from ${module.url}`);
    // From a server that does not know the type it is compiled all the same, only not while it streams in.
    if (type === "application/wasm") made = await WebAssembly.instantiateStreaming(module, imports());
    else module = await module.arrayBuffer();
  }
  made ??= await WebAssembly.instantiate(module, imports());
  if (!wasm) start(made.instance ?? made);
}

// The module's memory, which moves when it grows.

let bytes;

const getUint8ArrayMemory0 = (() => {
  return bytes?.buffer === wasm.memory.buffer ? bytes : (bytes = new Uint8Array(wasm.memory.buffer));
});

function getArrayU8FromWasm0(at, length) {
  return getUint8ArrayMemory0().subarray(at >>> 0, (at >>> 0) + length);
}

// `undefined` where there is none, at address 0.
function getStringFromWasm0(at, length) {
  return at === 0 ? undefined : utf8(getArrayU8FromWasm0(at, length));
}

let WASM_VECTOR_LEN;

// ASCII is copied here, faster than the platform's encoder for what is short; it has the rest.
const passStringToWasm0 = ((text) => {
  const { length } = text;
  let at = wasm.__wbindgen_malloc(length, 1) >>> 0;
  let done = 0;
  const memory = getUint8ArrayMemory0();
  for (let code; done < length && (code = text.charCodeAt(done)) < 128; done++) memory[at + done] = code;
  if (done < length) {
    const room = done + 3 * (length - done);
    at = wasm.__wbindgen_realloc(at, length, room, 1) >>> 0;
    done += new TextEncoder().encodeInto(text.slice(done), getArrayU8FromWasm0(at + done, room - done)).written;
    at = wasm.__wbindgen_realloc(at, room, done, 1) >>> 0;
  }
  WASM_VECTOR_LEN = done;
  return at;
});

// References to JavaScript's objects

function addToExternrefTable0(object) {
  if (object === undefined || object === null) return 0;
  const index = wasm.__externref_table_alloc();
  wasm.__wbindgen_externrefs.set(index, object);
  return index;
}

// A function whose exceptions the module takes as errors.
const handleError = ((call) => (...all) => {
  try {
    return call(...all);
  } catch (error) {
    wasm.__wbindgen_exn_store(addToExternrefTable0(error));
  }
});
