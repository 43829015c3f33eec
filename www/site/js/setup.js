// The choices, kept in the address so that a second tab and a reload have the same.

import { byId } from "./dom.js";

const form = byId("setup");

const STORAGE = {
  local: "Shared by all tabs, survives a restart; any script that gets onto the page can read it.",
  session: "For this tab alone, survives a reload; any script that gets onto the page can read it.",
  memory: "Gone with a reload, and nothing lies about for a script to find.",
  cookie: "The refresh token is in a cookie that no script can read, the access token in memory.",
};
const NO_RENEWAL = "Without a refresh token an expired session ends: log in again.";

export function readSetup() {
  const asked = new URLSearchParams(location.search);
  const storage = asked.get("storage") in STORAGE ? asked.get("storage") : "local";
  form.renew.value = asked.get("renew") === "no" ? "no" : "yes";
  form.storage.value = storage;
  form.ahead.checked = asked.get("ahead") !== "no";
  return chosen();
}

export function onSetup(changed) {
  form.addEventListener("change", () => {
    const setup = chosen();
    const address = new URL(location.href);
    address.search = new URLSearchParams({
      ...(setup.renew ? {} : { renew: "no" }),
      ...(setup.storage === "local" ? {} : { storage: setup.storage }),
      ...(setup.ahead ? {} : { ahead: "no" }),
    });
    history.replaceState(null, "", address);
    changed(setup);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
}

function chosen() {
  const setup = { renew: form.renew.value === "yes", storage: form.storage.value, ahead: form.ahead.checked };
  form.ahead.disabled = !setup.renew;
  byId("setup-says").textContent = setup.renew ? STORAGE[setup.storage] : `${STORAGE[setup.storage === "cookie" ? "memory" : setup.storage]} ${NO_RENEWAL}`;
  byId("code").textContent = code(optionsFor(setup));
  byId("second-tab").href = location.href;
  return setup;
}

export function optionsFor({ renew, storage, ahead }) {
  const cookie = storage === "cookie";
  const at = cookie ? "/cookie" : "/auth";
  return {
    server: {
      kind: "json",
      login: `${at}/login`,
      ...(renew && { refresh: `${at}/refresh` }),
      logout: `${at}/logout`,
      ...(cookie && { refreshVia: "cookie", headers: { "X-CSRF": "1" } }),
    },
    resources: [`${location.origin}/api/`],
    storage: cookie ? "memory" : storage,
    ...(!ahead && { autoRefresh: false }),
  };
}

function code(options) {
  const literal = JSON.stringify(options, null, 2).replaceAll(/"([a-z]+)":/gi, "$1:");
  return `import { createTokenManager } from "tokenkeeper";\n\nconst auth = await createTokenManager(${literal});\n\nawait auth.login({ username, password });\nawait auth.fetch("/api/orders");`;
}
