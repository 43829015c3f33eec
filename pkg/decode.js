// Takes a token apart with the platform's own base64url, where it has one: then nothing has to cross
// the border into the module. It answers only for what is sound beyond doubt. For all else it has no
// answer, and the module (src/core/jwt.rs), whose rules these are, says which of them was broken.

const alphabet = { alphabet: "base64url" };
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const room = new Uint8Array(16384); // what is larger fits into no header

export function decodeSound(token) {
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
    const claims = objectIn(payload);
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
  const header = objectIn(part);
  if (!Object.values(header).some((value) => typeof value === "object")) [knownPart, known] = [part, { ...header }];
  return header;
}

// The object whose text lies in the room, since this part was decoded.
function objectIn(part) {
  const value = JSON.parse(utf8.decode(room.subarray(0, lengthOf(part))));
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw UNSOUND;
  return value;
}

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

const FILL = ["", "AAA", "AA", "A"]; // by the number of characters in the last group

// The characters whose spare bits are zero, by the same.
const LAST = [, "", "AQgw", "AEIMQUYcgkosw048"];

const UNSOUND = "not sound beyond doubt";
