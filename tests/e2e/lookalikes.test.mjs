// The token goes to the resource and to nobody who looks like it. Every host name here leads to this machine.

import { deepEqual, equal } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, test } from "node:test";
import { site } from "./fixtures/site.mjs";
import { world } from "./fixtures/world.mjs";

const folder = await site();

// Answers everybody, and writes down who came with an Authorization header.
const heard = [];
const elsewhere = createServer((request, response) => {
  const headers = { "access-control-allow-origin": request.headers.origin ?? "*", "access-control-allow-credentials": "true", "access-control-allow-headers": "authorization" };
  if (request.url === "/page") return response.writeHead(200, { "content-type": "text/html" }).end('<title>x</title><script type="module" src="app.js"></script>');
  if (request.url === "/app.js") return response.writeHead(200, { "content-type": "text/javascript" }).end(readFileSync(join(folder, "app.js")));
  if (request.method !== "OPTIONS") heard.push({ to: request.headers.host + request.url, authorization: request.headers.authorization });
  response.writeHead(200, headers).end();
});
await new Promise((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
const { port } = elsewhere.address();
const page = `http://localhost:${port}`;

const { fresh } = await world({ demoFlags: ["--allow-origin", page], browserFlags: ["--host-resolver-rules=MAP * 127.0.0.1"] });
after(() => elsewhere.close().closeAllConnections());

const lookalikes = (demo) => {
  const { port: own } = new URL(demo.url);
  return [
    `http://localhost:${own}`, `http://127.0.0.1:${port}`, `http://127.0.0.2:${own}`, `http://127.0.0.1.evil.test:${port}`, `http://evil.test:${port}`,
    `http://127.0.0.1:${own}@evil.test:${port}`, `http://evil.test:${port}/127.0.0.1:${own}`, `http://evil.test:${port}/?${demo.url}/api/orders`,
    `http://evil.test:${port}#${demo.url}`, `http://127.0.0.1.:${port}`, `http://evil.test:${port}\\@127.0.0.1:${own}`, `https://127.0.0.1:${own}`,
  ];
};

test("hosts that look like the resource get no token, whatever trick the address plays", () =>
  fresh({}, async ({ open, demo }) => {
    const absolute = Object.fromEntries(["login", "refresh"].map((name) => [name, `${demo.url}/auth/${name}`]));
    const tab = await open({ server: absolute, resources: [`${demo.url}/api/`] }, { url: `${page}/page` });
    await tab.login();
    equal((await tab.call(`${demo.url}/api/orders`)).status, 200);
    heard.length = 0;
    for (const origin of lookalikes(demo)) {
      for (const form of ["string", "URL", "Request"]) {
        await tab.run(([origin, form]) => {
          const url = origin.includes("?") || origin.includes("#") ? origin : `${origin}/api/orders`;
          const input = () => ({ string: url, URL: new URL(url), Request: form === "Request" && new Request(url) })[form];
          return outcome((async () => manager.fetch(input()))());
        }, [origin, form]);
      }
    }
    deepEqual(heard.filter(({ authorization }) => authorization), []);
    equal(heard.length >= 15, true, `the others were reached: ${heard.length}`);
    const outside = await tab.call(`${demo.url}/public/time`);
    deepEqual(outside.body, { authorization: false });
  }));

// A page that may call anybody, and leaves the resources to the default.
async function atHome(work) {
  await fresh({}, async ({ context, open, demo }) => {
    const absolute = Object.fromEntries(["login", "refresh"].map((name) => [name, `${demo.url}/auth/${name}`]));
    await work(context, async () => {
      const tab = await open({ server: absolute }, { url: `${page}/page` });
      await tab.login();
      heard.length = 0;
      await tab.call("/orders");
      await tab.call(`http://127.0.0.1:${port}/orders`);
      return heard.map(({ to, authorization }) => [to, authorization?.slice(0, 6)]);
    });
  });
}
const ownOnly = [[`localhost:${port}/orders`, "Bearer"], [`127.0.0.1:${port}/orders`, undefined]];

test("a page's own origin is the only default: the same server under another name gets no token", () =>
  atHome(async (_, calls) => deepEqual(await calls(), ownOnly)));

test("a variable of the page that is called origin changes nothing of that", () =>
  atHome(async (context, calls) => {
    await context.addInitScript((other) => (globalThis.origin = other), `http://127.0.0.1:${port}`);
    deepEqual(await calls(), ownOnly);
  }));
