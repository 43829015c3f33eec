// The default entry: the module's bytes are inside, nothing is fetched, nothing is to be set up.
//
// What stands in parentheses, here and in all that this imports, is there for the start: engines compile such a function along
// with the script, any other at its first call, when somebody waits. (V8 does not see it of async arrow functions.) esbuild,
// Rollup and Rolldown keep the parentheses; terser and swc take them off, which costs a start nothing but that time.

import { isTokenError } from "./error.js";
import { createManager } from "./face.js";
import { decodeToken, load, loadSync } from "./module.js";
import { bytes } from "./wasm/embedded.js";

export const createTokenManager = (async function (options) {
  try {
    loadSync(bytes);
  } catch (error) {
    // Older browsers do not compile on the main thread; they do it beside it.
    if (!(error instanceof RangeError)) throw error;
    await load(bytes());
  }
  return createManager(options);
});

export function decodeJwt(token) {
  loadSync(bytes);
  return decodeToken(token);
}

export { isTokenError };
