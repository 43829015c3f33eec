import { createApp, effectScope, h, isRef, watchEffect } from "vue";
import { useSession } from "tokenkeeper/vue";
import { equal, ok, test, until } from "../lib/harness.js";
import { watched } from "./watched.js";

const credentials = { username: "ada", password: "right" };

test("Vue: a component shows who is logged in, follows, and stops listening when it is gone", "page", async (t) => {
  const { manager, listeners } = watched(await t.manager(await t.world({ claims: { name: "Ada" } })));
  const app = createApp({
    setup() {
      const session = useSession(manager);
      return () => h("p", session.value ? `Hello ${session.value.claims.name}` : "Who are you?");
    },
  });
  const element = document.createElement("div");
  const says = (text) => until(() => element.textContent === text, `"${text}"`);
  app.mount(element);
  equal(element.textContent, "Who are you?");
  await manager.login(credentials);
  await says("Hello Ada");
  await manager.logout();
  await says("Who are you?");
  equal(listeners(), 1);
  app.unmount();
  equal(listeners(), 0);
});

test("Vue: the ref holds the session itself, and the new one after a refresh, until its scope stops", async (t) => {
  const manager = await t.loggedIn(await t.world());
  const scope = effectScope();
  const seen = [];
  const session = scope.run(() => {
    const session = useSession(manager);
    watchEffect(() => seen.push(session.value), { flush: "sync" });
    return session;
  });
  ok(isRef(session), "a ref");
  const first = manager.session;
  await manager.refresh();
  const second = manager.session;
  ok(seen.length === 2 && seen[0] === first && seen[1] === second, "one session after the other");
  scope.stop();
  await manager.logout();
  ok(session.value === second, "the last that was seen");
});

test("Vue: the ref is read-only", async (t) => {
  const manager = await t.loggedIn(await t.world());
  const scope = effectScope();
  const session = scope.run(() => useSession(manager));
  const { warn } = console;
  console.warn = () => {}; // Vue's own words about what follows
  try {
    session.value = null;
  } finally {
    console.warn = warn;
  }
  ok(session.value === manager.session, "what it was");
  scope.stop();
});

test("Vue: without a manager, as on a server, it is nobody", () => {
  const scope = effectScope();
  equal(scope.run(() => useSession(null)).value, null);
  scope.stop();
});
