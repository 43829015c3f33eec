// Whether a project's app did what the scenario asks for: by its own account, by its server's, and without a word from the browser.

import { deepEqual, match } from "node:assert/strict";

/** The judge of what runs in this browser, against these servers. */
export function judge(browser, servers) {
  // A server of its own for each run: its log tells what it heard.
  async function newApi() {
    const answer = await fetch(`${servers.other}/worlds`, { method: "POST", body: JSON.stringify({ claims: { sub: "ada" } }) });
    return `${servers.other}/w/${(await answer.json()).id}`;
  }

  async function isRight(outcome, api) {
    deepEqual(outcome, { who: "ada", before: 200, after: 200 });
    const { log } = await (await fetch(`${api}/log`)).json();
    deepEqual(log.map(({ endpoint }) => endpoint), ["login", "api", "api", "refresh", "api"]);
  }

  async function opened(address, api) {
    const context = await browser.newContext();
    try {
      const page = await context.newPage();
      const complaints = [];
      page.on("pageerror", ({ stack }) => complaints.push(stack));
      page.on("console", (message) => {
        const { url } = message.location();
        // Chromium notes the 401 that the scenario asks for.
        if (["warning", "error"].includes(message.type()) && !url.startsWith(api)) complaints.push(`${message.text()} (${url})`);
      });
      await page.goto(`${address}/?api=${encodeURIComponent(api)}`);
      const told = await page.waitForFunction(() => document.querySelector("output")?.textContent, null, { timeout: 60_000 })
        .catch((error) => Promise.reject(new Error(complaints.join("\n") || "the page does nothing", { cause: error })));
      return { outcome: JSON.parse(await told.jsonValue()), complaints };
    } finally {
      await context.close();
    }
  }

  return {
    async pageWorks(address) {
      const api = await newApi();
      const { outcome, complaints } = await opened(address, api);
      await isRight(outcome, api);
      deepEqual(complaints, []);
    },

    /** Under a policy that forbids WebAssembly. */
    async pageIsBlocked(address) {
      const { outcome: { name, code, message } } = await opened(address, await newApi());
      deepEqual({ name, code }, { name: "TokenError", code: "wasm_blocked" });
      match(message, /'wasm-unsafe-eval'.*script-src/);
    },

    /** `run` is given the server's address, and resolves to what the scenario came to. */
    async works(run) {
      const api = await newApi();
      await isRight(JSON.parse(await run(api)), api);
    },
  };
}
