import { UserManager, WebStorageStateStore } from "oidc-client-ts";

const userStore = new WebStorageStateStore({ store: localStorage });
const manager = new UserManager({ authority: "https://login.example", client_id: "size", redirect_uri: location.href, userStore });
globalThis.used = {
  start: () => manager.getUser(),
  login: () => manager.signinRedirect(),
  returned: () => manager.signinRedirectCallback(),
  refresh: () => manager.signinSilent(),
  on: (listener) => (manager.events.addUserLoaded(listener), manager.events.addUserSignedOut(listener)),
  logout: () => manager.signoutRedirect(),
};
