import { PublicClientApplication } from "@azure/msal-browser";

const client = new PublicClientApplication({ auth: { clientId: "size", authority: "https://login.example" } });
globalThis.used = {
  start: () => client.initialize(),
  login: () => client.loginRedirect(),
  returned: () => client.handleRedirectPromise(),
  token: (request) => client.acquireTokenSilent(request),
  on: (listener) => client.addEventCallback(listener),
  logout: () => client.logoutRedirect(),
};
