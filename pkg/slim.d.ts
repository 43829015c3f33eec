/**
 * The same as the default entry, with the WebAssembly module as a file of its own, `tokenkeeper/tokenkeeper.wasm`, which is
 * compiled while it streams in.
 *
 * @module tokenkeeper/slim
 */

export * from "./index.js";

/**
 * Loads the module; once, however often it is called. `createTokenManager` does it by itself. Call it to use
 * `decodeJwt` before there is a manager (till then it throws `wasm_blocked`), or to say where the module is. Rejects with `wasm_blocked`, or as `fetch` does.
 *
 * Without a preload the module costs one network round trip more than the script:
 * `<link rel="preload" as="fetch" type="application/wasm" crossorigin href="…/tokenkeeper_bg.wasm">`
 */
export function load(source?: string | URL | Request | Response | BufferSource | WebAssembly.Module | Promise<Response>): Promise<void>;
