// decodeJwt beside its peers, for payloads of three sizes with more in them than ASCII, signed as RS256 does. Of the
// peers, none looks at the signature, and none but tokenkeeper returns the header with the claims.

import { decodeJwt as jose } from "jose";
import { jwtDecode } from "jwt-decode";
import { decodeJwt } from "tokenkeeper";
import { report, sideBySide } from "./measure.js";

const TOKENS = 64;
const SIZES = [150, 1024, 8192];

await report(async () => {
  const sizes = {};
  for (const bytes of SIZES) {
    const tokens = Array.from({ length: TOKENS }, (_, i) => tokenOf(claims(i, bytes)));
    const decoders = { jose, tokenkeeper: (token) => decodeJwt(token).claims, "jwt-decode": jwtDecode };
    for (const [name, decode] of Object.entries(decoders)) {
      const read = JSON.stringify(decode(tokens[7]));
      if (read !== JSON.stringify(claims(7, bytes))) throw new Error(`${name} reads ${read}`);
    }
    const calls = Object.entries(decoders).map(([name, decode]) => [name, (i) => decode(tokens[i % TOKENS])]);
    sizes[bytes] = await sideBySide(Object.fromEntries(calls), { rounds: 80, size: 2 * TOKENS });
  }
  return sizes;
});

function claims(i, bytes) {
  const some = { iss: "https://login.example", sub: `user-${i}`, name: "Zoë Łukasz 李小龍", iat: 1_700_000_000 + i, exp: 1_700_003_600 + i };
  const roles = [];
  const all = () => (roles.length ? { ...some, roles } : some);
  while (utf8(all()).length < bytes - 15) roles.push(`rôle-${i}-${roles.length}`);
  return all();
}

function tokenOf(claims) {
  const parts = [utf8({ alg: "RS256", typ: "JWT", kid: "2026-11" }), utf8(claims), crypto.getRandomValues(new Uint8Array(256))];
  return parts.map((part) => btoa(String.fromCharCode(...part)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")).join(".");
}

function utf8(value) {
  return new TextEncoder().encode(JSON.stringify(value));
}
