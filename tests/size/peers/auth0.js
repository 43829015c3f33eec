import { Auth0Client } from "@auth0/auth0-spa-js";

const client = new Auth0Client({ domain: "login.example", clientId: "size", useRefreshTokens: true, cacheLocation: "localstorage" });
globalThis.used = {
  start: () => client.getUser(),
  login: () => client.loginWithRedirect(),
  returned: () => client.handleRedirectCallback(),
  token: () => client.getTokenSilently(),
  logout: () => client.logout(),
};
