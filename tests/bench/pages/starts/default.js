import { createTokenManager, decodeJwt, isTokenError } from "tokenkeeper";

// The first use of any kind starts the module.
export function load() {
  try {
    decodeJwt("");
  } catch (error) {
    if (!isTokenError(error)) throw error;
  }
}

export const start = () => createTokenManager({ server: { kind: "json", login: "/auth/login", refresh: "/auth/refresh" } });
