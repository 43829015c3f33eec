// What a text holds, and the text that bytes hold.

let decoder; // made when it is needed: a page that opens has no time to lose

export function utf8(bytes) {
  decoder ??= new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return decoder.decode(bytes);
}

// Undefined where it is no JSON.
export function json(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
