// Page after page in turn; each notes when, since its navigation began, it had its first authorised answer.

import { report } from "../measure.js";

const ROUNDS = 25;
const VISITS = ["hand-rolled", "default", "slim", "again"];

export async function answered(response) {
  if (!response.ok) throw new Error(`the visit was answered ${response.status}`);
  const name = location.pathname.match(/(\w|-)+(?=\.html)/)[0];
  const times = JSON.parse(sessionStorage.getItem("times") ?? "[]");
  times.push([name, performance.now()]);
  sessionStorage.setItem("times", JSON.stringify(times));
  next();
}

export async function next() {
  const times = JSON.parse(sessionStorage.getItem("times") ?? "[]");
  const round = Math.floor(times.length / VISITS.length);
  const visit = VISITS[(times.length + round) % VISITS.length];
  if (round < ROUNDS) return location.replace(`/visits/${visit}.html${location.search}`);
  const byName = Object.fromEntries(VISITS.map((name) => [name, times.filter(([it]) => it === name).map(([, time]) => time)]));
  await report(async () => byName);
}
