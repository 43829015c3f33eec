import { OktaAuth } from "@okta/okta-auth-js/core";

const auth = new OktaAuth({ issuer: "https://login.example", clientId: "size", redirectUri: location.href });
globalThis.used = {
  start: () => auth.start(),
  login: () => auth.signInWithRedirect(),
  returned: () => auth.handleLoginRedirect(),
  token: () => auth.getAccessToken(),
  refresh: () => auth.token.renewTokens(),
  on: (listener) => auth.authStateManager.subscribe(listener),
  logout: () => auth.signOut(),
};
