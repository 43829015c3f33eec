// The types as their users meet them: compiled, never run. `@ts-expect-error` lines fail the build
// when the error goes away.

import { createTokenManager, decodeJwt, isTokenError } from "tokenkeeper";
import type { Session, TokenError, TokenManager, TokenStore } from "tokenkeeper";
import { load } from "tokenkeeper/slim";

declare const store: TokenStore;

export async function manager(): Promise<TokenManager> {
  await load(new URL("https://cdn.example/tokenkeeper.wasm"));
  await createTokenManager({ server: { kind: "oauth", token: "/token", clientId: "app" }, storage: store });
  await createTokenManager({ server: { kind: "json", login: "/login", headers: () => ({ "x-xsrf-token": document.cookie }) } });
  await createTokenManager({ server: { kind: "oauth", token: "/token", headers: new Headers() } });
  // @ts-expect-error: headers are answered at once
  await createTokenManager({ server: { kind: "json", login: "/login", headers: async () => ({}) } });
  // @ts-expect-error: a JSON server has no token endpoint
  await createTokenManager({ server: { kind: "json", token: "/token" } });
  // @ts-expect-error: there is no such storage
  await createTokenManager({ server: { kind: "json", login: "/login" }, storage: "cookie" });
  return createTokenManager({ server: { kind: "json", login: "/login", refreshVia: "cookie", refresh: "/refresh" } });
}

export function listening(auth: TokenManager): () => void {
  auth.on("logout", ({ reason, remote }) => {
    const known: "user" | "refresh_rejected" | "expired" = reason;
    const elsewhere: boolean = remote;
    return [known, elsewhere];
  });
  auth.on("warning", (warning) => {
    switch (warning.code) {
      case "refresh_failed":
        return warning.retryInMs satisfies number | undefined;
      case "step_up_required":
        return warning.acrValues satisfies string | undefined;
      default:
        return warning.message satisfies string;
    }
  });
  // @ts-expect-error: there is no such event
  auth.on("expired", () => {});
  // @ts-expect-error: a logout has no session
  auth.on("logout", ({ session }) => session);
  return auth.on("login", ({ session }: { session: Session }) => session.hasRole("admin"));
}

// Every code is known: one that is added or taken away breaks this switch.
export function advice(error: TokenError): string {
  switch (error.code) {
    case "login_rejected":
      return String(error.body);
    case "not_logged_in":
    case "session_ended":
      return "log in";
    case "network":
    case "server":
    case "timeout":
      return error.retryable ? "later" : "never";
    case "bad_options":
    case "bad_response":
    case "bad_token":
    case "wasm_blocked":
    case "closed":
      return error.message;
    default:
      return error.code satisfies never;
  }
}

export async function using(auth: TokenManager): Promise<Response> {
  const plain: typeof fetch = auth.fetch;
  try {
    const session: Session = await auth.login({ username: "ann", password: "secret" });
    const subject: string | undefined = session.claims?.sub;
    // @ts-expect-error: a session cannot be changed
    session.expiresAt = 0;
    return await plain(`/users/${subject}`, { signal: AbortSignal.timeout(1000) });
  } catch (error: unknown) {
    if (isTokenError(error)) throw new Error(advice(error));
    throw error;
  }
}

// Credentials of whatever type: an interface has no index signature.
interface Credentials {
  username: string;
  password: string;
}
export async function entering(auth: TokenManager, credentials: Credentials, form: FormData): Promise<void> {
  await auth.login(credentials);
  await auth.login(form);
  // @ts-expect-error: credentials have names
  await auth.login("secret");
}

export function claims(token: string): string[] {
  const { claims, header, signature } = decodeJwt<{ roles: string[] }>(token);
  const algorithm: string = header.alg;
  const bytes: Uint8Array = signature;
  // @ts-expect-error: these claims have no such member
  claims.groups;
  return [...claims.roles, algorithm, String(bytes.length), String(decodeJwt(token).claims.exp)];
}

export function disposing(auth: TokenManager): void {
  using scoped = auth;
  scoped.close();
}

// What the claims are is said once, and known wherever they show.
export async function typed(options: Parameters<typeof createTokenManager>[0]): Promise<string[]> {
  const auth = await createTokenManager<{ sub: string; roles: string[] }>(options);
  auth.on("refresh", ({ session }) => session.claims?.roles satisfies string[] | undefined);
  const { claims } = await auth.refresh();
  // @ts-expect-error: these claims have no such member
  claims?.groups;
  const untyped = await createTokenManager(options);
  untyped.session?.claims?.groups satisfies unknown;
  return [...(auth.session?.claims?.roles ?? []), ...(claims ? [claims.sub] : [])];
}

// A transport of one's own keeps its types.
export async function via(auth: TokenManager): Promise<number> {
  const send = auth.fetchVia(async (input, init?: RequestInit & { priority?: "high" }) => ({ status: 200, took: `${input}${init?.method}`.length }));
  const same: typeof fetch = auth.fetchVia(fetch);
  // @ts-expect-error: an answer has a status
  auth.fetchVia(async () => ({}));
  await same("/orders");
  return (await send("/orders", { priority: "high" })).took;
}
