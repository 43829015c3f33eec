// Every error of ours.

export class TokenError extends Error {
  constructor(code, message, retryable = false, status, body) {
    super(message);
    this.code = code;
    this.retryable = retryable;
    if (status !== undefined) this.status = status;
    if (body !== undefined) this.body = body;
  }

  get name() {
    return "TokenError";
  }
}

export function isTokenError(value) {
  return value instanceof Error && value.name === "TokenError" && typeof value.code === "string";
}

// Refuses an option, or an argument: which, and why.
export function refuse(path, rule) {
  throw new TokenError("bad_options", `${path} ${rule}`);
}
