// The same as the default entry, with the module as a file of its own, `tokenkeeper/tokenkeeper.wasm`.

export * from "./index.js";

/**
 * Loads the module; once, however often it is called. `createTokenManager` does it by itself. Call it to use
 * {@link decodeJwt} before there is a manager, or to say where the module is.
 *
 * Without a preload the module costs one network round trip more than the script:
 * `<link rel="preload" as="fetch" type="application/wasm" crossorigin href="…/tokenkeeper_bg.wasm">`
 */
export function load(source?: string | URL | Request | Response | BufferSource | WebAssembly.Module | Promise<Response>): Promise<void>;
