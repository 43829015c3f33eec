import { AuthClient, isAuthError } from "@supabase/auth-js";

const client = new AuthClient({ url: "https://login.example" });
globalThis.used = {
  start: () => client.getSession(),
  login: (credentials) => client.signInWithPassword(credentials),
  refresh: () => client.refreshSession(),
  on: (listener) => client.onAuthStateChange(listener),
  logout: () => client.signOut(),
  isAuthError,
};
