// The thin face over the module: loads it once, binds `fetch`, gives errors and sessions their
// shape. Importing it does nothing; index.js and slim.js differ only in where the module is from.

import init, { Manager, decodeJwt as decode, initSync, useErrors, useSessions } from "./wasm/tokenkeeper.js";

class TokenError extends Error {
  constructor(code, message, retryable = false, status = undefined, body = undefined) {
    super(message);
    this.code = code;
    this.retryable = retryable;
    if (status !== undefined) this.status = status;
    if (body !== undefined) this.body = body;
  }
}
Object.defineProperty(TokenError.prototype, "name", { value: "TokenError" });

export function isTokenError(value) {
  return value instanceof Error && value.name === "TokenError" && typeof value.code === "string";
}

class Session {
  constructor(claims, scope, expiresAt, refreshExpiresAt) {
    this.claims = claims;
    this.scopes = Object.freeze(scopesOf(scope, claims));
    this.expiresAt = expiresAt;
    this.refreshExpiresAt = refreshExpiresAt;
    Object.freeze(this);
  }

  hasRole(role) {
    const { roles, role: one, realm_access: realm, groups, authorities } = this.claims ?? {};
    return [roles, one, realm?.roles, groups, authorities].flat().includes(role);
  }

  hasScope(scope) {
    return this.scopes.includes(scope);
  }
}

// As the answer told it (RFC 6749 section 5.1), else as the token's claims do: `scope` (RFC 8693
// section 4.2), or one of its dialects.
function scopesOf(told, claims) {
  const scope = told ?? claims?.scope ?? claims?.scp ?? claims?.scopes ?? [];
  const scopes = typeof scope === "string" ? scope.split(" ") : [scope].flat();
  return scopes.filter((name) => typeof name === "string" && name !== "");
}

class TokenManager {
  #manager;

  constructor(manager) {
    this.#manager = manager;
    this.fetch = (input, init) => manager.fetch(input, init);
  }

  get session() {
    return this.#manager.session;
  }

  login(credentials) {
    return this.#manager.login(credentials);
  }

  logout() {
    return this.#manager.logout();
  }

  token() {
    return this.#manager.token();
  }

  refresh() {
    return this.#manager.refresh();
  }

  on(type, listener) {
    return this.#manager.on(type, listener);
  }

  subscribe(listener) {
    return this.#manager.subscribe(listener);
  }

  explain() {
    return this.#manager.explain();
  }

  close() {
    this.#manager.close();
  }

  // Older platforms have no Symbol.dispose; there the method is merely out of reach.
  [Symbol.dispose]() {
    this.#manager.close();
  }
}

const blocked =
  "WebAssembly cannot be used here. If the page has a Content-Security-Policy, add 'wasm-unsafe-eval' to its script-src.";

let loaded = false;

// Both loaders end here.
function wire() {
  useErrors((...error) => new TokenError(...error));
  useSessions((...session) => new Session(...session));
  loaded = true;
}

// A policy that forbids WebAssembly shows as a CompileError, in Safari as an EvalError; where the
// browser has none at all, the name is missing.
function explainLoadError(error) {
  const forbidden = ["CompileError", "EvalError", "ReferenceError"].includes(error?.name);
  return forbidden ? new TokenError("wasm_blocked", blocked) : error;
}

export function loadSync(bytes) {
  if (loaded) return;
  try {
    initSync({ module: bytes() });
  } catch (error) {
    throw explainLoadError(error);
  }
  wire();
}

export async function load(source) {
  if (loaded) return;
  try {
    await init({ module_or_path: source });
  } catch (error) {
    throw explainLoadError(error);
  }
  wire();
}

export async function createManager(options) {
  return new TokenManager(await Manager.create(options));
}

export { decode };
