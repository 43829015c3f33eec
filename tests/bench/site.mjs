// The pages of the bench: bundled by esbuild, served on a free port, and what they report.

import { once } from "node:events";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));

/** Scripts of pages/, minified, by their address; with the package of this tree as `tokenkeeper`. */
export async function bundles(names, options = { format: "esm" }) {
  const { outputFiles } = await build({
    entryPoints: names.map((name) => path(`pages/${name}.js`)),
    bundle: true, minify: true, target: "es2022", legalComments: "none", outbase: path("pages"), outdir: "/", write: false, logLevel: "error",
    alias: { tokenkeeper: path("../../pkg/index.js"), "tokenkeeper/slim": path("../../pkg/slim.js") },
    ...options,
  });
  return Object.fromEntries(outputFiles.map((file) => [file.path, Buffer.from(file.contents)]));
}

// Isolated from other origins, a page gets a clock of 5 µs instead of 100.
const isolated = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };
const types = { js: "text/javascript", html: "text/html; charset=utf-8", wasm: "application/wasm" };

/** Serves these files; `report()` is what the page tells next. */
export async function serve(files) {
  const reports = [];
  let waiting;
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    if (request.method === "POST") {
      const chunks = await request.toArray();
      const report = JSON.parse(Buffer.concat(chunks));
      if (waiting) waiting(report), (waiting = undefined);
      else reports.push(report);
      return response.writeHead(204, { "access-control-allow-origin": "*" }).end();
    }
    const found = files[pathname];
    const type = types[pathname.split(".").at(-1)] ?? types.html;
    if (!found) return response.writeHead(404).end();
    response.writeHead(200, { "content-type": type, ...isolated }).end(found);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    async report() {
      const report = reports.shift() ?? (await new Promise((resolve) => (waiting = resolve)));
      if (report.error) throw new Error(`a page failed: ${report.error}`);
      return report;
    },
    stop: () => (server.closeAllConnections(), server.close()),
  };
}

// An icon of its own, so that the browser asks for none in the middle of a measurement.
export const page = (script, head = "") => `<!doctype html><html lang="en"><meta charset="utf-8"><title>bench</title><link rel="icon" href="data:,">${head}<script type="module" src="/${script}.js"></script>`;
