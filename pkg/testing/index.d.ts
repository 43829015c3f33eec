/**
 * For tests of what uses a manager: one that runs the real core, with a clock that the test moves and a server that it scripts.
 * Works in Node and in browsers, and touches no global of the test's.
 *
 * @module tokenkeeper/testing
 */

import type { JwtClaims, TokenManager, TokenManagerOptions } from "../index.js";

/**
 * A manager of its own, with nobody logged in; the session lives in memory. Its `fetch` goes to the test's server, wherever it
 * is sent; relative addresses, given as text, work in Node too.
 *
 * ```js
 * const { auth, server, clock } = await createTestManager({ lifetime: 60 });
 * await auth.login({ username: "ada" });
 * server.answerNext("refresh", 503);
 * await clock.advance(61_000); // the refresh fails once, and is tried again
 * assert.equal(server.count("refresh"), 2);
 * assert.equal((await auth.fetch("/api/orders")).status, 200);
 * ```
 */
export function createTestManager<Claims = JwtClaims>(options?: TestOptions<Claims>): Promise<TestManager<Claims>>;

export interface TestOptions<Claims = JwtClaims> extends Pick<TokenManagerOptions, "resources" | "name" | "refreshMargin" | "autoRefresh" | "requestTimeout"> {
  /** Seconds that an access token lives. Default 300. */
  lifetime?: number;
  /** In every access token, besides `iat`, `exp` and `jti`; or what they are for somebody who logs in. */
  claims?: Partial<Claims> | ((credentials: Record<string, unknown>) => Partial<Claims>);
  /** When the test begins, in milliseconds since the epoch. Default: now. */
  now?: number;
  /**
   * Answers what is no call of the manager's own and carries no token, or a good one; any other token is answered 401.
   * Default: `{}` with a token, 401 without.
   */
  api?: (request: Request) => Response | Promise<Response>;
}

/** What a test gets. */
export interface TestManager<Claims = JwtClaims> {
  auth: TokenManager<Claims>;
  server: TestServer;
  clock: TestClock;
}

/** Time that passes when the test says so. */
export interface TestClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Lets time pass. What falls due meanwhile happens in order; when the promise resolves, it has come to its end. */
  advance(millis: number): Promise<void>;
}

/** The calls that reach the server: the manager's own, and `api` for everything else. */
export type TestEndpoint = "login" | "refresh" | "logout" | "api";

/** What the server answers next: a status, a response, an error with which the call fails (a lost network), or a promise of one. */
export type TestAnswer = number | Response | Error | Promise<number | Response | Error>;

/** A JSON login API whose refresh tokens are good once, and the API behind it. Any credentials log in. */
export interface TestServer {
  /** The page's own, in Node `https://app.test`. */
  readonly origin: string;
  /** All that it was asked. */
  readonly requests: readonly { readonly endpoint: TestEndpoint; readonly request: Request }[];
  /** How often an endpoint was asked. */
  count(endpoint: TestEndpoint): number;
  /** Answers the next calls to an endpoint, in turn, instead of the server itself. */
  answerNext(endpoint: TestEndpoint, ...answers: TestAnswer[]): void;
  /** From now on no access token that it gave is good; the refresh token still is. */
  expireTokens(): void;
  /** From now on no token that it gave is good: the next refresh ends the session. */
  revoke(): void;
}
