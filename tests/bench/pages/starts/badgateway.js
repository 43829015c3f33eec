import { OAuth2Client, OAuth2Fetch } from "@badgateway/oauth2-client";

export async function start() {
  const client = new OAuth2Client({ server: "https://login.example", clientId: "bench" });
  return new OAuth2Fetch({ client, getNewToken: () => null, getStoredToken: () => null });
}
