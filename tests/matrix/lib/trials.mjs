// What is tried of a project that lies in a folder, by mode. Each resolves to what the table says of it.

import { equal } from "node:assert/strict";
import { cpSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { startServers } from "../../contract/lib/servers.mjs";
import { startBrowser } from "../../e2e/fixtures/browser.mjs";
import { judge } from "./judge.mjs";
import { output, serve } from "./process.mjs";
import { allowed, fileOf, forbidden, weight } from "./site.mjs";

export async function trials() {
  let site;
  let modules; // how often a .wasm file was asked for
  const servers = await startServers((url) => {
    if (url.endsWith(".wasm")) modules++;
    return fileOf(site.root, site.scripts, url);
  });
  const browser = await startBrowser();
  const { pageIsBlocked, pageWorks, works } = judge(browser, servers);

  async function served(folder, entry, { output: built }) {
    const root = join(folder, built);
    if (!existsSync(join(root, "index.html"))) cpSync(join(folder, "index.html"), join(root, "index.html"));
    site = { root, scripts: allowed };
    modules = 0;
    await pageWorks(servers.page);
    equal(modules, entry === "slim" ? 1 : 0, "requests for the module");
    site = { root, scripts: forbidden };
    await pageIsBlocked(servers.page);
    return { policy: "kept" };
  }

  async function build(folder, entry, project) {
    quiet(await output(["npm", "run", script(folder, "build", entry)], folder));
    if (project.output) return { ...(await served(folder, entry, project)), bytes: weight(join(folder, project.output)) };
    const server = await serve(["npm", "start"], folder);
    return pageWorks(server.address).finally(server.stop);
  }

  async function dev(folder, entry) {
    const server = await serve(["npm", "run", script(folder, "dev", entry)], folder);
    await pageWorks(server.address).finally(server.stop);
    quiet(server.said());
  }

  function node(folder) {
    return works((api) => output(["node", "main.js", api], folder));
  }

  async function stop() {
    await browser.close();
    servers.stop();
  }

  return { build, dev, served, node, stop };
}

function script(folder, name, entry) {
  const { scripts } = JSON.parse(readFileSync(join(folder, "package.json")));
  return scripts[`${name}:${entry}`] ? `${name}:${entry}` : name;
}

// What a tool warns of is what its user asks about.
function quiet(said) {
  const warnings = said.split("\n").filter((line) => /warn|deprecat|externalized|critical dependency/i.test(line));
  equal(warnings.join("\n"), "", said);
}
