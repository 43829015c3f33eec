import { createTokenManager, decodeJwt, isTokenError } from "tokenkeeper";

export const start = () => createTokenManager({ server: { kind: "json", login: "/auth/login", refresh: "/auth/refresh" } });
export { decodeJwt, isTokenError };
