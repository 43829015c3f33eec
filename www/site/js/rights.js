// What the token's roles and scopes allow, and a button each to find out.

import { byId, element } from "./dom.js";

const RIGHTS = [
  { name: "Read the orders", needs: "scope", right: "orders:read", path: "/api/orders", tells: ({ orders }) => `${orders.length} orders` },
  {
    name: "Write an order",
    needs: "scope",
    right: "orders:write",
    path: "/api/orders",
    init: {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ item: "a looking-glass", quantity: 1 }),
    },
    tells: ({ id }) => `order ${id}`,
  },
  { name: "Open the report", needs: "role", right: "admin", path: "/api/admin/report", tells: ({ orders, items }) => `${orders} orders, ${items} items` },
];

export function offerRights(call) {
  byId("rights").replaceChildren(
    ...RIGHTS.map((right, at) => {
      const button = element("button", { type: "button", "aria-describedby": `right-${at}` }, right.name);
      const answer = element("output", {});
      button.addEventListener("click", async () => {
        answer.className = "";
        answer.textContent = "…";
        const [outcome, text] = await attempt(right, call);
        answer.className = outcome;
        answer.textContent = text;
      });
      const needs = element("p", { id: `right-${at}` }, `needs ${right.needs} `, element("code", {}, right.right), " ", element("span", { class: "has" }));
      return element("li", {}, button, needs, answer);
    }),
  );
}

async function attempt({ path, init, tells }, call) {
  try {
    const response = await call(path, init);
    const body = await response.json();
    return response.ok ? ["ok", `✓ ${response.status}, ${tells(body)}`] : ["refused", `◆ ${response.status} ${body.error}`];
  } catch {
    return ["lost", "✕ no answer"];
  }
}

export function showRights(session) {
  const [...items] = byId("rights").children;
  for (const [at, { needs, right }] of RIGHTS.entries()) {
    const has = needs === "role" ? session?.hasRole(right) : session?.hasScope(right);
    const mark = items[at].querySelector(".has");
    mark.textContent = !session ? "" : has ? "✓ in the token" : "– not in the token";
    mark.dataset.has = Boolean(has);
  }
  const chips = [
    ...[session?.claims?.roles ?? []].flat().map((role) => element("span", { class: "chip" }, element("small", {}, "role "), role)),
    ...(session?.scopes ?? []).map((scope) => element("span", { class: "chip" }, element("small", {}, "scope "), scope)),
  ];
  byId("roles").replaceChildren(...(chips.length ? chips : ["Nobody is logged in: no roles, no scopes."]));
}

export function forgetOutcomes() {
  for (const answer of byId("rights").querySelectorAll("output")) answer.textContent = "";
}
