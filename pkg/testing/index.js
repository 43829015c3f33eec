// For tests of what uses a manager: one that runs the real core, with a clock and a server of the test's.

import { coreIn } from "../wasm/core.js";
import { bytes } from "../wasm/embedded.js";
import { Clock } from "./clock.js";
import { Server } from "./server.js";

export async function createTestManager({ lifetime = 300, claims = {}, now = Date.now(), api = guarded, ...options } = {}) {
  const page = globalThis.location?.origin;
  const origin = page?.startsWith("http") ? page : "https://app.test";
  const server = new Server({ origin, lifetime, claims, api });
  const clock = (server.clock = new Clock(now, server.settled));

  const { createManager, load } = coreIn({
    ...clock.platform,
    fetch: server.fetch,
    globalThis: { location: { origin, href: `${origin}/` } },
    Math: Object.assign(Object.create(Math), { random: () => 0.5 }), // each run waits as the one before
    navigator: { locks: { request: async (_name, _options, work) => work() } }, // there is but one tab
  });
  await load(bytes());
  const auth = await createManager({
    ...options,
    server: { kind: "json", login: "/auth/login", refresh: "/auth/refresh", logout: "/auth/logout" },
    storage: "memory",
  });
  await clock.advance(0);
  return { auth, server, clock };
}

// The API when the test has none: it wants a token.
function guarded(request) {
  return request.headers.has("authorization") ? Response.json({}) : new Response(null, { status: 401 });
}
