// Firefox knows no modules in service workers before its release 147, and Debian's may be older. There the worker is what a
// bundler makes of one: a classic script. This proxy between the browser and the test runner's server makes it, passes all
// else as it is, and prints its port.

import { once } from "node:events";
import { createServer, request } from "node:http";
import { build } from "esbuild";

const rewrite = {
  "/service.js": classic,
  "/run.js": async (url) => (await textOf(url)).replace(/(\.serviceWorker\.register\(url, {type: )"module"/, '$1"classic"'),
};

const server = createServer(async (asked, answer) => {
  const changed = rewrite[new URL(asked.url).pathname];
  try {
    if (changed) return answer.writeHead(200, { "content-type": "text/javascript" }).end(await changed(asked.url));
    const passed = request(asked.url, { method: asked.method, headers: asked.headers });
    asked.pipe(passed);
    const [response] = await once(passed, "response");
    response.pipe(answer.writeHead(response.statusCode, response.headers));
  } catch (error) {
    answer.writeHead(502).end(`${error}`);
  }
});

async function classic(url) {
  const served = {
    name: "served",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /./ }, ({ path, importer }) => ({ path: new URL(path, importer || undefined).href, namespace: "served" }));
      onLoad({ filter: /./ }, async ({ path }) => ({ contents: await textOf(path) }));
    },
  };
  const { outputFiles } = await build({ entryPoints: [url], bundle: true, format: "iife", banner: { js: '"use strict";' }, write: false, plugins: [served], logLevel: "error" });
  return outputFiles[0].text;
}

const textOf = async (url) => (await fetch(url)).text();

await once(server.listen(0, "127.0.0.1"), "listening");
console.log(server.address().port);
