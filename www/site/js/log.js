// Two lists, newest first: the events as they were told, and the manager's own account of why.

import { byId, clockTime, element } from "./dom.js";

const KEPT = 60;

export function logEvent(type, event) {
  const { session, message, ...rest } = event;
  const facts = Object.entries(rest)
    .filter(([name, value]) => name !== "remote" && value !== undefined)
    .map(([name, value]) => (name === "reason" || name === "code" ? value : `${name} ${Math.round(value) || value}`));
  const list = byId("events");
  list.querySelector(".none")?.remove();
  list.prepend(entry(Date.now(), type, facts.join(", "), event.remote, message));
  while (list.children.length > KEPT) list.lastElementChild.remove();
}

export function showReasons(timeline) {
  const items = timeline.toReversed().map(({ at, what, why, status, remote }) => {
    const because = [why, status && `status ${status}`].filter(Boolean).join(", ");
    return entry(at, what, because, remote);
  });
  byId("reasons").replaceChildren(...(items.length ? items : [element("li", { class: "none" }, "None yet.")]));
}

function entry(at, what, why, remote, message) {
  const item = element("li", {}, element("time", {}, clockTime(at)), element("b", {}, what));
  if (remote) item.append(element("span", { class: "remote" }, "remote"));
  if (why) item.append(element("span", {}, why));
  if (message) item.append(element("small", {}, message));
  return item;
}
