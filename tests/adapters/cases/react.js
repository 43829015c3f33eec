import { StrictMode, createElement } from "react";
import { createRoot, hydrateRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { useSession } from "tokenkeeper/react";
import { equal, ok, test, until } from "../lib/harness.js";
import { watched } from "./watched.js";

const credentials = { username: "ada", password: "right" };

function Greeting({ auth, seen = [] }) {
  const session = useSession(auth);
  seen.push(session);
  return createElement("p", null, session ? `Hello ${session.claims.name}` : "Who are you?");
}

const app = (auth, seen) => createElement(StrictMode, null, createElement(Greeting, { auth, seen }));

function place(markup = "") {
  const element = document.createElement("div");
  element.innerHTML = markup;
  return element;
}

const says = (element, text) => until(() => element.textContent === text, `"${text}"`);

test("React: a component shows who is logged in, and follows", "page", async (t) => {
  const world = await t.world({ claims: { name: "Ada" } });
  const manager = await t.manager(world);
  const element = place();
  const root = createRoot(element);
  root.render(app(manager));
  await says(element, "Who are you?");
  await manager.login(credentials);
  await says(element, "Hello Ada");
  await manager.logout();
  await says(element, "Who are you?");
  root.unmount();
});

test("React: a component gets the session itself, the same until something changes, and the new one after a refresh", "page", async (t) => {
  const manager = await t.loggedIn(await t.world({ claims: { name: "Ada" } }));
  const seen = [];
  const element = place();
  const root = createRoot(element);
  root.render(app(manager, seen));
  await says(element, "Hello Ada");
  const first = manager.session;
  ok(seen.every((session) => session === first), "the manager's session");
  await manager.refresh();
  await until(() => seen.at(-1) !== first, "another rendering");
  ok(seen.at(-1) === manager.session, "the new session");
  root.unmount();
});

test("React: in StrictMode nothing listens any more once the component is gone", "page", async (t) => {
  const { manager, listeners } = watched(await t.loggedIn(await t.world({ claims: { name: "Ada" } })));
  const element = place();
  const root = createRoot(element);
  root.render(app(manager));
  await until(() => listeners() === 1, "one listener");
  root.unmount();
  await until(() => listeners() === 0, "none");
});

test("React: a server renders for nobody, whoever is logged in", async (t) => {
  const manager = await t.loggedIn(await t.world({ claims: { name: "Ada" } }));
  equal(renderToString(app(manager)), "<p>Who are you?</p>");
  equal(renderToString(app(null)), "<p>Who are you?</p>");
});

test("React: what a server rendered is hydrated without a mismatch, and then shows who is logged in", "page", async (t) => {
  const manager = await t.loggedIn(await t.world({ claims: { name: "Ada" } }));
  const element = place(renderToString(app(null)));
  const complaints = [];
  const root = hydrateRoot(element, app(manager), { onRecoverableError: (error) => complaints.push(String(error)) });
  await says(element, "Hello Ada");
  equal(complaints, []);
  root.unmount();
});

test("React: a manager that comes later is listened to", "page", async (t) => {
  const manager = await t.loggedIn(await t.world({ claims: { name: "Ada" } }));
  const element = place();
  const root = createRoot(element);
  const seen = [];
  root.render(app(undefined, seen));
  await says(element, "Who are you?");
  ok(seen.every((session) => session === null), "nobody");
  root.render(app(manager));
  await says(element, "Hello Ada");
  await manager.logout();
  await says(element, "Who are you?");
  root.unmount();
});
