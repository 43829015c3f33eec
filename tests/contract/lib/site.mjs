// The page that the tests run in: bundles of the installed package, under a strict policy.

import { existsSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bring, installed } from "../../e2e/fixtures/package.mjs";

const folder = fileURLToPath(new URL("../", import.meta.url));
const types = { ".js": "text/javascript", ".wasm": "application/wasm" };

export const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' http://127.0.0.1:* http://localhost:*";

/** A project with the package and the cases in it; the one that run.mjs made, if it did. */
export async function contractProject() {
  const path = process.env.TOKENKEEPER_PROJECT ?? (await installed());
  for (const part of ["cases", "lib"]) bring(path, join(folder, part), part);
  return path;
}

/** Serves what was bundled into `root`; `/NAME/` is a page that loads `/NAME/app.js`, and `?csp=` replaces its policy. */
export const filesOf = (root) => (url) => {
  const { pathname, searchParams } = new URL(url, "http://any");
  if (pathname.endsWith("/")) {
    const csp = searchParams.get("csp") ?? policy;
    const script = searchParams.has("empty") ? "" : '<script type="module" src="app.js"></script>';
    const content = `<!doctype html><link rel="icon" href="data:,"><title>contract</title>${script}`;
    return { content, headers: { "content-type": "text/html", "content-security-policy": `${csp}; img-src data:` } };
  }
  const file = join(root, pathname);
  if (!existsSync(file)) return undefined;
  return { content: readFileSync(file), headers: { "content-type": types[extname(file)] ?? "text/plain" } };
};
