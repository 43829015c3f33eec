// The module: loaded once for all managers, and what needs it without one.

import { partsOf } from "./decode.js";
import { TokenError } from "./error.js";
import init, { initSync } from "./wasm/tokenkeeper.js";

export function decodeToken(token) {
  if (!loaded) throw new TokenError("wasm_blocked", "The module is not loaded: await load() or createTokenManager().");
  if (typeof token !== "string") throw new TokenError("bad_token", "A JWT is a string.");
  try {
    return partsOf(token);
  } catch (rule) {
    throw new TokenError("bad_token", rule);
  }
}

const BLOCKED = "WebAssembly cannot be used here. In a Content-Security-Policy, add 'wasm-unsafe-eval' to script-src.";

let loaded = false;

// A policy that forbids WebAssembly shows as a CompileError, in Safari as an EvalError; where the
// browser has none at all, the name is missing.
function explained(error) {
  const forbidden = ["CompileError", "EvalError", "ReferenceError"].includes(error?.name);
  return forbidden ? new TokenError("wasm_blocked", BLOCKED) : error;
}

export const loadSync = ((bytes) => {
  if (loaded) return;
  try {
    initSync({ module: bytes() });
    loaded = true;
  } catch (error) {
    throw explained(error);
  }
});

export const load = (async function (source) {
  if (loaded) return;
  try {
    await init({ module_or_path: source });
    loaded = true;
  } catch (error) {
    throw explained(error);
  }
});
