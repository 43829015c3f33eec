// The face over the module: loads it once, promises answers to tickets, and gives errors, events
// and sessions their shape. Importing it does nothing; index.js and slim.js differ only in where the
// module is from.

import { decodeSound } from "./decode.js";
import { fetchFor } from "./fetch.js";
import { Hands, json, report } from "./hands.js";
import { Refusal, settingsOf } from "./options.js";
import init, { Keeper, decodeJwt as decode, initSync } from "./wasm/tokenkeeper.js";

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
    // As text, so that `undefined` is no role of a token that lacks one of these claims.
    return [roles, one, realm?.roles, groups, authorities].flat().includes(`${role}`);
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

const WARNINGS = {
  body_not_replayable: "A streamed body was answered 401 and cannot be sent again: send a new stream.",
  clock_skew: "This device's clock is off. Expiry is counted from receipt, so nothing depends on it.",
  insufficient_scope: "The token lacks a scope (RFC 6750 section 3.1); a refresh would not help.",
  refresh_failed: "The refresh failed. The session stays, and it is tried again.",
  step_up_required: "A stronger or fresher login is needed (RFC 9470 section 3); a refresh would not help.",
  storage_corrupt: "The store holds something that is no session of ours; the next one stored replaces it.",
  storage_unavailable: "The store cannot be used. The session lives in memory: it ends with this page, and other tabs do not see it.",
  token_rejected: "A token was refused right after its refresh. Check its audience and the resource's clock.",
};

const EVENTS = ["login", "refresh", "logout", "warning"];
const CHANGE = "change";

// What a manager's parts share: promises by ticket, the lease on the token, listeners. The keeper
// (src/web/keeper.rs) calls its methods, and those of Hands.
class Desk extends Hands {
  #tickets = 0;
  #waiting = new Map();
  #lease;
  #session; // undefined until it is asked for
  #listeners = new Set();
  #early = []; // warnings from before anyone could listen

  // Feeds the keeper with a ticket, and promises its answer.
  ask(feed) {
    const ticket = ++this.#tickets;
    const reply = new Promise((resolve, reject) => this.#waiting.set(ticket, { resolve, reject }));
    reply.ticket = ticket;
    if (this.ended) this.fail(ticket, new TokenError("closed", CLOSED));
    else feed(ticket);
    return reply;
  }

  left({ ticket }) {
    this.#waiting.delete(ticket);
    this.keeper.left(ticket);
  }

  answer(ticket, token, family, generation) {
    this.#waiting.get(ticket)?.resolve({ token, family, generation });
    this.#waiting.delete(ticket);
  }

  fail(ticket, error) {
    this.#waiting.get(ticket)?.reject(error);
    this.#waiting.delete(ticket);
  }

  error(code, message, retryable, status, words) {
    return new TokenError(code, message, retryable, status, words && (json(words) ?? words));
  }

  lease(token, until, family, generation) {
    this.#lease = token && { token, until, family, generation };
    this.#session = undefined;
  }

  // The token that needs no question, while it is good.
  get token() {
    return this.#lease?.until > Date.now() ? this.#lease : undefined;
  }

  get isLoggedIn() {
    return this.#lease !== undefined;
  }

  // The same object until something changes.
  get session() {
    if (this.ended) return null;
    if (this.#session === undefined) {
      const known = this.keeper.session(this.server.oauth);
      this.#session = known ? new Session(...known) : null;
    }
    return this.#session;
  }

  // A login or a refresh brought a session that is over already: a listener logged out, or it lived for a moment only. The
  // core has the error for that, the same as for a 401 to a token that is nobody's.
  gone() {
    return this.ask((ticket) => this.keeper.refused(ticket, 0, 0, false));
  }

  emit(type, remote, reason) {
    this.#notify(type, reason ? { reason, remote } : { session: this.session, remote });
    this.#notify(CHANGE);
  }

  warn(code, more) {
    const warning = { code, message: WARNINGS[code], ...more };
    if (this.#early) this.#early.push(warning);
    else this.#notify("warning", warning);
  }

  // Warnings of the opening are told once whoever awaits it had the time to listen.
  opened() {
    setTimeout(() => {
      const early = this.#early;
      this.#early = undefined;
      for (const warning of early) this.#notify("warning", warning);
    });
  }

  listen(type, listener) {
    if (typeof listener !== "function") throw new TokenError("bad_options", "The listener must be a function.");
    const entry = { type, listener };
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  // One that throws is reported as the platform does, and keeps no other from being told.
  #notify(type, event) {
    for (const entry of [...this.#listeners]) {
      if (entry.type !== type) continue;
      try {
        entry.listener(event);
      } catch (error) {
        report(error);
      }
    }
  }

  end() {
    if (this.ended) return;
    this.#listeners.clear();
    super.end();
  }
}

// The manager itself: what a user holds, and no more.
function managerOf(desk) {
  return {
    fetch: fetchFor(desk, (...all) => fetch(...all)),
    fetchVia: (transport) => fetchFor(desk, transport),

    get session() {
      return desk.session;
    },

    async login(credentials) {
      await saying(() => desk.login(credentials));
      await desk.stored;
      return desk.session ?? desk.gone();
    },

    async logout() {
      // The answer tells only that the server was told.
      await desk.ask((ticket) => desk.keeper.logout(ticket)).catch(unlessClosed);
    },

    async token() {
      return (await desk.want()).token;
    },

    async refresh() {
      await desk.ask((ticket) => desk.keeper.renew(ticket));
      await desk.stored;
      return desk.session ?? desk.gone();
    },

    on(type, listener) {
      if (!EVENTS.includes(type)) throw new TokenError("bad_options", `on(type) must be one of ${EVENTS.join(", ")}.`);
      return desk.listen(type, listener);
    },

    subscribe: (listener) => desk.listen(CHANGE, listener),
    explain: () => desk.keeper.explain(),
    close: () => desk.end(),
    // Where a platform has no Symbol.dispose, the method is merely out of reach.
    [Symbol.dispose]: () => desk.end(),
  };
}

const CLOSED = "This token manager was closed: create a new one.";

function unlessClosed(error) {
  if (error.code === "closed") throw error;
}

export async function createManager(options) {
  const settings = saying(() => settingsOf(options));
  const desk = new Desk(settings);
  await desk.begin(saying(() => new Keeper(settings, weakly(desk))));
  return managerOf(desk);
}

// The keeper's way to its desk, which does not keep it alive: what the module holds is never
// collected, and the desk holds the keeper.
function weakly(desk) {
  const ref = new WeakRef(desk);
  return new Proxy({}, { get: (_, name) => (...values) => ref.deref()?.[name](...values) });
}

// Does what may refuse options, and says so in an error of ours.
function saying(work) {
  try {
    return work();
  } catch (error) {
    if (error instanceof Refusal) throw new TokenError("bad_options", error.message);
    // The core refuses one of the resources: which, and why.
    if (Array.isArray(error)) throw new TokenError("bad_options", `resources[${error[0]}] ${error[1]}`);
    throw error;
  }
}

export function decodeToken(token) {
  if (!loaded) throw new TokenError("wasm_blocked", "The module is not loaded yet: await load() or createTokenManager() first.");
  if (typeof token !== "string") throw new TokenError("bad_token", "A JWT is a string.");
  const sound = decodeSound(token);
  if (sound) return sound;
  try {
    const [header, claims, signature] = decode(token);
    return { header, claims, signature };
  } catch (rule) {
    throw typeof rule === "string" ? new TokenError("bad_token", rule) : rule;
  }
}

const BLOCKED =
  "WebAssembly cannot be used here. If the page has a Content-Security-Policy, add 'wasm-unsafe-eval' to its script-src.";

let loaded = false;

// A policy that forbids WebAssembly shows as a CompileError, in Safari as an EvalError; where the
// browser has none at all, the name is missing.
function explained(error) {
  const forbidden = ["CompileError", "EvalError", "ReferenceError"].includes(error?.name);
  return forbidden ? new TokenError("wasm_blocked", BLOCKED) : error;
}

export function loadSync(bytes) {
  if (loaded) return;
  try {
    initSync({ module: bytes() });
    loaded = true;
  } catch (error) {
    throw explained(error);
  }
}

export async function load(source) {
  if (loaded) return;
  try {
    await init({ module_or_path: source });
    loaded = true;
  } catch (error) {
    throw explained(error);
  }
}
