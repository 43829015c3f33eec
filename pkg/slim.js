// The slim entry: the module is a file of its own, compiled while it streams in.

import { isTokenError } from "./error.js";
import { createManager } from "./face.js";
import { decodeToken, load as loadFrom } from "./module.js";

let loading;

// Called by createTokenManager(); call it yourself to decode before there is a manager, or to say
// where the module is: a URL, a Response, its bytes, or a WebAssembly.Module.
export const load = ((source = new URL("./wasm/tokenkeeper_bg.wasm", import.meta.url)) => {
  loading ??= loadFrom(source).catch((error) => {
    loading = undefined; // a lost network is no reason never to try again
    throw error;
  });
  return loading;
});

export const createTokenManager = (async function (options) {
  await load();
  return createManager(options);
});

// Synchronous, so the module has to be there: after load() or createTokenManager().
export function decodeJwt(token) {
  return decodeToken(token);
}

export { isTokenError };
