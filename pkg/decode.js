// Takes a token apart, strictly. Where the platform has base64url of its own, nothing has to cross the border into the
// module. That way answers only for what is sound beyond doubt; all else is taken apart part by part, with the module's
// base64url (src/core/jwt.rs), to say which rule was broken.

import { utf8 } from "./values.js";
import { bytesOf } from "./wasm/tokenkeeper.js";
import { shapes, tokenRules } from "./wasm/words.js";

const [EMPTY, NOT_OBJECT, NOT_UTF8] = tokenRules.slice(-3); // those that are not base64url's
const alphabet = { alphabet: "base64url" };
let room; // what is larger fits into no header

// Header, claims and signature; throws the sentence that says which rule was broken.
export function partsOf(token) {
  return soundParts(token) ?? strictParts(token);
}

// The claims of a token; null when it is opaque.
export function claimsOf(token) {
  try {
    return partsOf(token).claims;
  } catch {
    return null;
  }
}

function strictParts(token) {
  const parts = token.split(".");
  if (parts.length !== 3) throw shapes[parts.length === 5 ? 0 : 1];
  const [header, claims, signature] = parts.map((part, at) => {
    try {
      const bytes = bytesOf(part);
      if (typeof bytes === "number") throw tokenRules[bytes];
      return at < 2 ? objectIn(bytes) : bytes;
    } catch (rule) {
      const broken = { TypeError: NOT_UTF8, SyntaxError: "is not valid JSON" }[rule.name] ?? rule;
      throw `The token's ${["header", "payload", "signature"][at]} ${broken}.`;
    }
  });
  return { header, claims, signature };
}

function soundParts(token) {
  room ??= new Uint8Array(16384);
  if (!room.setFromBase64) return undefined;
  try {
    const first = token.indexOf(".");
    const second = token.indexOf(".", first + 1);
    const payload = token.slice(first + 1, second);
    const last = token.slice(second + 1); // a dot in it is not of the alphabet
    if (first < 0 || second < 0) return undefined;
    const header = headerIn(token.slice(0, first));
    // Both in one go, which costs less than two: what makes the payload's last group whole lies behind its own bytes.
    decode(payload + FILL[payload.length % 4] + last);
    const claims = decoded(payload);
    let bytes;
    return {
      header,
      claims,
      // Few want it, and memory is the dearest part: it is made for those who ask.
      get signature() {
        return (bytes ??= Uint8Array.fromBase64(last, alphabet));
      },
    };
  } catch {
    return undefined;
  }
}

// An issuer's tokens all begin with the same header; each caller gets a copy.
let knownPart, known;

function headerIn(part) {
  if (part === knownPart) return { ...known };
  decode(part);
  const header = decoded(part);
  if (!Object.values(header).some((value) => typeof value === "object")) [knownPart, known] = [part, { ...header }];
  return header;
}

// The object whose text lies in the room, since this part was decoded.
const decoded = (part) => objectIn(room.subarray(0, lengthOf(part)));

// Decodes into the room. The platform overlooks white space, padding and spare bits: here there must be the bytes that so
// many characters hold, and none but their bits.
function decode(text) {
  if (room.setFromBase64(text, alphabet).written !== lengthOf(text)) throw UNSOUND;
}

function lengthOf(part) {
  const rest = part.length % 4;
  if (rest && !LAST[rest].includes(part.at(-1))) throw UNSOUND;
  return (part.length * 3) >> 2;
}

function objectIn(bytes) {
  if (bytes.length === 0) throw EMPTY;
  const value = JSON.parse(utf8(bytes));
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw NOT_OBJECT;
  return value;
}

const FILL = ["", "AAA", "AA", "A"]; // by the number of characters in the last group

// The characters whose spare bits are zero, by the same.
const LAST = [, "", "AQgw", "AEIMQUYcgkosw048"];

const UNSOUND = "is not sound beyond doubt";
