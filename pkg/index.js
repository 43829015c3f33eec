// The default entry: the module's bytes are inside, nothing is fetched, nothing is to be set up.

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
