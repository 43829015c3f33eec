// The page that the tests run in: bundles of the installed package, under a strict policy.

import { existsSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { startBrowser } from "../../e2e/fixtures/browser.mjs";
import { bring, installed, remove } from "../../e2e/fixtures/package.mjs";
import { startServers } from "./servers.mjs";

const folder = fileURLToPath(new URL("../", import.meta.url));
const types = { ".js": "text/javascript", ".wasm": "application/wasm" };

export const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' http://127.0.0.1:* http://localhost:*";

/** A project with the package and the cases in it; the one that run.mjs made, else one that goes with the file. */
export async function contractProject() {
  const given = process.env.TOKENKEEPER_PROJECT;
  const project = given ?? (await installed());
  if (!given) after(() => remove(project));
  for (const part of ["cases", "lib"]) bring(project, join(folder, part), part);
  return project;
}

/** The servers, with what was bundled into `root`, and a browser; with the file they end, and `root` goes. */
export async function visited(root) {
  const [servers, browser] = await Promise.all([startServers(filesOf(root)), startBrowser()]);
  after(async () => {
    await browser.close();
    servers.stop();
    remove(root);
  });
  return { servers, browser };
}

/** What was bundled into `root`; `/NAME/` is a page that loads `/NAME/app.js`, and `?csp=` replaces its policy. */
const filesOf = (root) => (url) => {
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
