// What was built, as a static server gives it, under a strict policy.

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { brotli } from "../../../scripts/compress.mjs";

const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm", ".json": "application/json" };

export const allowed = "'self' 'wasm-unsafe-eval'";
export const forbidden = "'self'";

/** The file of a folder at an address; workers have the policy of their own script's answer. */
export function fileOf(root, scripts, url) {
  const { pathname } = new URL(url, "http://any");
  const path = join(root, pathname.endsWith("/") ? `${pathname}index.html` : pathname);
  if (!existsSync(path) || !statSync(path).isFile()) return undefined;
  const content = readFileSync(path);
  const sources = [scripts, ...inline(content, path)].join(" ");
  const policy = `default-src 'none'; script-src ${sources}; worker-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:; connect-src 'self' http://127.0.0.1:*`;
  return { content, headers: { "content-type": types[extname(path)] ?? "text/plain", "content-security-policy": policy } };
}

// Import maps and the like: a policy names them by their hash.
function inline(content, path) {
  if (!path.endsWith(".html")) return [];
  const scripts = content.toString().matchAll(/<script(?![^>]*\ssrc=)[^>]*>(.*?)<\/script>/gs);
  return Array.from(scripts, ([, text]) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`);
}

/** What a browser loads of it, in bytes after brotli 11. */
export function weight(root) {
  return readdirSync(root, { recursive: true })
    .filter((file) => /\.(js|wasm)$/.test(file))
    .reduce((sum, file) => sum + brotli(readFileSync(join(root, file))), 0);
}
