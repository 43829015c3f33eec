// The entries for frameworks and clients, as their users meet them.

import axios from "axios";
import { effectScope, watch } from "vue";
import type { Session, TokenManager } from "tokenkeeper";
import { attach } from "tokenkeeper/axios";
import { useSession as useReactSession } from "tokenkeeper/react";
import { useSession as useVueSession } from "tokenkeeper/vue";

type Claims = { sub: string; roles: string[] };

export function react(auth: TokenManager<Claims>, later: TokenManager | undefined): string | undefined {
  useReactSession(null) satisfies Session<unknown> | null;
  const session = useReactSession(later);
  // @ts-expect-error: perhaps nobody is logged in
  session.claims;
  return useReactSession(auth)?.claims?.sub;
}

export function vue(auth: TokenManager<Claims>): void {
  effectScope().run(() => {
    const session = useVueSession(auth);
    watch(session, (now) => now?.claims?.roles satisfies string[] | undefined);
    // @ts-expect-error: it is read-only
    session.value = null;
  });
}

export function client(auth: TokenManager, typed: TokenManager<Claims>): () => void {
  attach(axios.create({ baseURL: "/api" }), typed);
  // @ts-expect-error: the instance comes first
  attach(auth, axios);
  return attach(axios, auth);
}
