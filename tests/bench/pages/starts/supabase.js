import { AuthClient } from "@supabase/auth-js";

export async function start() {
  const client = new AuthClient({ url: "https://login.example", detectSessionInUrl: false });
  await client.getSession();
  return client;
}
