// Why there is a ledger: what a Web Lock orders in each engine, and what it does not. Four tabs count to a hundred together,
// each reading and writing the counter inside one lock; what is missing in the end was lost. node tests/e2e/coherence.mjs [engine…]

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createSocket } from "node:net";
import { argv, env } from "node:process";
import { createInterface } from "node:readline";

const TABS = 4;
const EACH = 25;
const ROUNDS = 5;

// In the page: the counters, and the work.
const script = `
const settled = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});
const database = new Promise((resolve, reject) => {
  const opening = indexedDB.open("coherence", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("counters");
  opening.onsuccess = () => resolve(opening.result);
  opening.onerror = () => reject(opening.error);
});
const counters = {
  localStorage: {
    read: (name) => Number(localStorage.getItem(name)),
    write: (name, value) => localStorage.setItem(name, value),
  },
  IndexedDB: {
    read: async (name) => (await settled((await database).transaction("counters").objectStore("counters").get(name))) ?? 0,
    write: async (name, value) => settled((await database).transaction("counters", "readwrite").objectStore("counters").put(value, name)),
  },
};
const tell = (what) => fetch("/told", { method: "POST", body: JSON.stringify(what) });
const { searchParams } = new URL(location);
const [kind, name, at] = ["kind", "name", "at"].map((each) => searchParams.get(each));
const { read, write } = counters[kind];
if (at) {
  await database;
  await new Promise((resolve) => setTimeout(resolve, at - Date.now()));
  for (let i = 0; i < ${EACH}; i++) await navigator.locks.request("counter", async () => write(name, (await read(name)) + 1));
  await tell("done");
} else {
  await tell(await read(name));
}
`;

// Where the pages are from, and what they tell.
async function startServer() {
  const told = [];
  const server = createServer(async (request, response) => {
    if (request.url === "/told") told.push(JSON.parse(Buffer.concat(await request.toArray()).toString()));
    response.writeHead(200, { "content-type": "text/html" });
    response.end(request.method === "GET" ? `<!doctype html><meta charset="utf-8"><script type="module">${script}</script>` : "");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const until = async (count) => {
    for (const end = Date.now() + 60_000; told.length < count; ) {
      if (Date.now() > end) throw new Error(`${told.length} of ${count} tabs told something within a minute`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return told.splice(0);
  };
  return { url: `http://127.0.0.1:${server.address().port}/`, until, stop: () => server.close() };
}

async function freePort() {
  const socket = createSocket();
  await once(socket.listen(0, "127.0.0.1"), "listening");
  const { port } = socket.address();
  socket.close();
  return port;
}

// The least of a WebDriver client.
async function startSession(driver, capabilities, environment) {
  const port = await freePort();
  const child = spawn(driver, [`--port=${port}`], { stdio: "ignore", env: { ...env, ...environment } });
  const call = async (method, path, body) => {
    const init = method === "GET" || method === "DELETE" ? { method } : { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body ?? {}) };
    const { value } = await (await fetch(`http://127.0.0.1:${port}${path}`, init)).json();
    if (value?.error) throw new Error(`${path}: ${value.message}`);
    return value;
  };
  for (let tries = 0; !(await call("GET", "/status").catch(() => {})); tries++) {
    if (tries > 100) throw new Error(`${driver} does not answer`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { sessionId, capabilities: got } = await call("POST", "/session", { capabilities: { alwaysMatch: capabilities } });
  const at = (path) => `/session/${sessionId}${path}`;
  return {
    version: `${got.browserName} ${got.browserVersion}`,
    pid: child.pid,
    get: (path) => call("GET", at(path)),
    post: (path, body) => call("POST", at(path), body),
    async stop() {
      await call("DELETE", at("")).catch(() => {});
      child.kill();
      if (child.exitCode === null) await once(child, "exit");
    },
  };
}

// How many processes below this one run a program with such a command line.
function processesOf(ancestor, pattern) {
  const parents = new Map();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      parents.set(Number(pid), Number(readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) . /, "").split(" ")[0]));
    } catch {} // it has ended
  }
  const below = (pid) => pid === ancestor || (parents.has(pid) && below(parents.get(pid)));
  return [...parents.keys()].filter((pid) => {
    try {
      return below(pid) && pattern.test(readFileSync(`/proc/${pid}/cmdline`, "utf8"));
    } catch {
      return false;
    }
  }).length;
}

// A display for WebKitGTK, which has no headless mode.
async function startDisplay() {
  const child = spawn("Xvfb", ["-displayfd", "3", "-nolisten", "tcp"], { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  const [number] = await once(createInterface({ input: child.stdio[3] }), "line");
  return { environment: { DISPLAY: `:${number}`, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1" }, stop: () => child.kill() };
}

const libraries = readdirSync("/usr/lib").flatMap((folder) => ["4.0", "4.1"].map((version) => `/usr/lib/${folder}/webkit2gtk-${version}/MiniBrowser`));
const miniBrowser = libraries.findLast(existsSync);

const firefox = (prefs) => ({
  driver: env.GECKODRIVER || "geckodriver",
  capabilities: { "moz:firefoxOptions": { binary: env.FIREFOX || "/usr/bin/firefox-esr", args: ["-headless"], prefs } },
  tabs: /-contentproc.*\btab\0*$/s,
});
const engines = {
  chromium: {
    driver: env.CHROMEDRIVER || "chromedriver",
    capabilities: { "goog:chromeOptions": { binary: env.CHROMIUM || "/usr/bin/chromium", args: ["--headless", "--no-sandbox", "--disable-gpu"] } },
    tabs: /--type=renderer/,
  },
  firefox: firefox({}),
  "firefox, four processes an origin": firefox({ "dom.ipc.processCount.webIsolated": 4, "dom.ipc.processPrelaunch.enabled": false }),
  webkit: {
    driver: "WebKitWebDriver",
    capabilities: { "webkitgtk:browserOptions": { binary: miniBrowser, args: ["--automation"] } },
    tabs: /WebKitWebProcess/,
    display: true,
  },
};

async function measure(engine) {
  const { driver, capabilities, tabs: pattern, display: needsDisplay } = engines[engine];
  const display = needsDisplay ? await startDisplay() : undefined;
  const server = await startServer();
  const session = await startSession(driver, capabilities, display?.environment);
  const go = async (handle, query) => {
    await session.post("/window", { handle });
    await session.post("/url", { url: `${server.url}?${new URLSearchParams(query)}` });
  };
  try {
    const handles = [await session.get("/window")];
    while (handles.length < TABS) handles.push((await session.post("/window/new", { type: "tab" })).handle);
    const lost = {};
    let processes = 0;
    for (const kind of ["localStorage", "IndexedDB"]) {
      lost[kind] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const name = `${kind}-${round}`;
        const at = Date.now() + 3000;
        for (const handle of handles) await go(handle, { kind, name, at });
        processes = Math.max(processes, processesOf(session.pid, pattern));
        await server.until(TABS);
        await go(handles[0], { kind, name }); // from the beginning: what everybody sees
        lost[kind].push(TABS * EACH - (await server.until(1))[0]);
      }
    }
    console.log(`| ${engine} (${session.version}) | ${processes} | ${lost.localStorage.join(", ")} | ${lost.IndexedDB.join(", ")} |`);
  } finally {
    await session.stop();
    display?.stop();
    server.stop();
  }
}

const wanted = argv.slice(2);
console.log(`| engine | processes with pages | lost of ${TABS * EACH} in localStorage, ${ROUNDS} rounds | lost in IndexedDB |\n| --- | --- | --- | --- |`);
for (const engine of Object.keys(engines)) if (wanted.length === 0 || wanted.some((part) => engine.startsWith(part))) await measure(engine);
