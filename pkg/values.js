// Values that nobody vouches for: what texts, bytes, stores and messages hold.

let decoder; // made when it is needed: a page that opens has no time to lose

export function utf8(bytes) {
  decoder ??= new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return decoder.decode(bytes);
}

// Undefined where it is no JSON.
export const json = ((text) => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
});

// What could travel in a header: no token is empty, or has spaces, control characters or anything beyond ASCII in it.
export const isToken = ((text) => typeof text === "string" && /^[!-~]+$/.test(text));

// Records, ledger entries and messages are arrays. Anyone on the origin can write such things, so what does not look
// like ours is nothing.
export const numbersIn = ((data, count) => {
  const list = Array.isArray(data) ? data : [];
  return Array.from({ length: count }, ((_, at) => (typeof list[at] === "number" ? list[at] : NaN)));
});
