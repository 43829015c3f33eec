// tokenkeeper/testing, as its users meet it.

import type { TokenManager } from "tokenkeeper";
import { createTestManager, type TestOptions } from "tokenkeeper/testing";

export async function testing(): Promise<number> {
  const { auth, server, clock } = await createTestManager<{ sub: string }>({ lifetime: 60, claims: { sub: "ada" } });
  auth satisfies TokenManager<{ sub: string }>;
  server.answerNext("refresh", 503, new TypeError("offline"), new Response(), new Promise<Response>(() => {}));
  // @ts-expect-error: there is no such endpoint
  server.answerNext("refreshes", 503);
  // @ts-expect-error: these are not the claims
  ({ claims: { sub: 7 } }) satisfies TestOptions<{ sub: string }>;
  // @ts-expect-error: the session lives in memory
  ({ storage: "local" }) satisfies TestOptions;
  await clock.advance(1000);
  return server.count("api") + clock.now();
}
