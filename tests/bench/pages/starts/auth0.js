import { Auth0Client } from "@auth0/auth0-spa-js";

export async function start() {
  const client = new Auth0Client({ domain: "login.example", clientId: "bench", useRefreshTokens: true, cacheLocation: "localstorage" });
  await client.getUser();
  return client;
}
