// Says in one sentence what has just happened; the last few stay in sight.

import { byId, element } from "./dom.js";

const SHOWN = 3;

export function tell(sentence) {
  const story = byId("story");
  if (story.lastElementChild?.textContent === sentence) return;
  story.append(element("p", {}, sentence));
  while (story.children.length > SHOWN) story.firstElementChild.remove();
}
