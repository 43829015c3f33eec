// A session, as users see it.

import { claimsOf } from "./decode.js";

export class Session {
  constructor({ token, scope, expires, refreshExpires }, opaque) {
    this.claims = opaque ? null : claimsOf(token);
    this.scopes = Object.freeze(scopesOf(scope, this.claims));
    this.expiresAt = known(expires);
    this.refreshExpiresAt = known(refreshExpires);
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

// What is not known is NaN on its way here.
function known(time) {
  return Number.isNaN(time) ? null : time;
}

// As the answer told it (RFC 6749 section 5.1), else as the token's claims do: `scope` (RFC 8693
// section 4.2), or one of its dialects.
function scopesOf(told, claims) {
  const scope = told ?? claims?.scope ?? claims?.scp ?? claims?.scopes ?? [];
  const scopes = typeof scope === "string" ? scope.split(" ") : [scope].flat();
  return scopes.filter((name) => typeof name === "string" && name !== "");
}
