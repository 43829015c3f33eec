// The types without those of a browser: compiled, never run.

import { createTokenManager } from "tokenkeeper";

export async function calls(): Promise<number> {
  const auth = await createTokenManager({ server: { kind: "oauth", token: "https://login.example/token", headers: () => ({ "x-api-key": "7" }) }, storage: "memory" });
  const { status } = await auth.fetch("https://api.example/orders");
  return status + (await auth.fetchVia(fetch)(new URL())).status;
}
