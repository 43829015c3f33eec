import { UserManager, WebStorageStateStore } from "oidc-client-ts";

export async function start() {
  const settings = { authority: "https://login.example", client_id: "bench", redirect_uri: location.href };
  const manager = new UserManager({ ...settings, userStore: new WebStorageStateStore({ store: localStorage }) });
  await manager.getUser();
  return manager;
}
