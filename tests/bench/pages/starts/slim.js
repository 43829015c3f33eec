import { createTokenManager, decodeJwt, isTokenError, load as loadFrom } from "tokenkeeper/slim";

export const load = () => loadFrom("/tokenkeeper.wasm");
export const start = () => createTokenManager({ server: { kind: "json", login: "/auth/login", refresh: "/auth/refresh" } });
export { decodeJwt, isTokenError };
