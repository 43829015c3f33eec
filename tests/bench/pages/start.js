// From a script's text to something usable, by the page's own clock: cold on a process's first load, warm on its fourth.
// Then the next page, of an origin and so in a process of its own.

import { report } from "./measure.js";

const WARM = 4;
const loads = Number(sessionStorage.getItem("loads")) + 1;
sessionStorage.setItem("loads", loads);
const asked = new URLSearchParams(location.search);
const name = asked.get("start");

const text = await (await fetch(`/starts/${name}.js`)).text();
await new Promise((resolve) => (document.readyState === "complete" ? resolve() : addEventListener("load", resolve)));

async function started() {
  const began = performance.now();
  const app = (0, eval)(`${text};app`);
  const loading = performance.now();
  const script = loading - began;
  await app.load?.();
  const module = app.load && performance.now() - loading;
  await app.start();
  const took = performance.now() - began;
  const fetched = performance.getEntriesByType("resource").filter(({ startTime }) => startTime >= began);
  return { took, script, module, requests: fetched.length };
}

const outcome = started();
if (loads === 1 || loads === WARM) await report(() => outcome);
await outcome;
if (loads < WARM) location.reload();
else if (asked.has("next")) location.href = asked.get("next");
