// Bodies of every kind, refused once and sent again: the server's sha256 is that of what was meant.

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { bodies } from "./fixtures/bodies.js";
import { world } from "./fixtures/world.mjs";

const { fresh } = await world();

for (const kind of Object.keys(bodies)) {
  test(`${kind} is sent again whole after a 401`, () =>
    fresh({}, async ({ open, demo }) => {
      const tab = await open();
      await tab.login();
      await demo.lab("expire-access");
      const { echo, sha256 } = await tab.run((kind) => send(manager.fetch, kind), kind);
      if (sha256) equal(echo.sha256, sha256);
      else deepEqual([echo.contentType.split(";")[0], echo.length > 95_000], ["multipart/form-data", true]);
      const { refreshes, apiRefused401, apiAccepted } = await demo.stats();
      deepEqual([refreshes, apiRefused401, apiAccepted], [1, 1, 1]);
    }));
}

// Chromium sends streams over HTTP/2 only, and these servers speak HTTP/1.1: the real fetch can only show that its refusal passes.
test("a stream that the platform refuses to send fails as it does without us", () =>
  fresh({}, async ({ open }) => {
    const tab = await open();
    await tab.login();
    const [theirs, ours] = await tab.run(() => {
      const call = (fetch) => outcome(fetch("/api/echo", { method: "POST", body: stream(), duplex: "half" }));
      return Promise.all([call(fetch), call(manager.fetch)]);
    });
    deepEqual([ours.error.name, ours.error.message, ours.error.ours], [theirs.error.name, theirs.error.message, false]);
  }));

// So the rest has a stub in the platform's place.
for (const as of ["in init", "in a Request"]) {
  test(`a stream ${as} is sent once, with a fresh token; a 401 for it is the caller's, with a warning`, () =>
    fresh({}, async ({ open, demo }) => {
      const tab = await open();
      await tab.login();
      const { status, bodies } = await tab.run(async (as) => {
        const platform = globalThis.fetch;
        const bodies = [];
        globalThis.fetch = async (input, init) => {
          const url = input.url ?? String(input);
          if (!url.includes("/api/echo")) return platform(input, init);
          bodies.push(await new Response(init?.body ?? input.body).text());
          return new Response("{}", { status: 401, headers: { "www-authenticate": 'Bearer error="invalid_token"' } });
        };
        const init = { method: "POST", body: stream(), duplex: "half" };
        const call = as === "in init" ? manager.fetch("/api/echo", init) : manager.fetch(new Request("/api/echo", init));
        return { ...(await outcome(call)), bodies };
      }, as);
      equal(status, 401);
      if (as === "in init") {
        deepEqual(bodies, ["streamed"]);
        await tab.event({ type: "warning", code: "body_not_replayable" });
        equal((await demo.stats()).refreshes, 0);
      } else {
        deepEqual(bodies, ["streamed", "streamed"]); // a Request lets itself be cloned before it is sent
      }
    }));
}
