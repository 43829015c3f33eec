// What a text holds, and the text that bytes hold.

export const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

// Undefined where it is no JSON.
export function json(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
