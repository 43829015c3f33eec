// The plot: what a call costs over a bare fetch, library by library, and what it costs in a crowd. Both axes of cost are logarithmic.

const NAMES = 210; // where the left half's names end
const LEFT = [NAMES + 12, 400];
const RIGHT = [470, 690];
const TOP = 56;
const ROW = 25;

const style = `
  text { font: 12px system-ui, sans-serif; fill: #59636e }
  .title { font-weight: 600; fill: #1f2328 } text.ours { fill: #0b6e3f; font-weight: 600 } .number { font-variant-numeric: tabular-nums }
  .grid { stroke: #d1d9e0 } circle { fill: #818b98 } circle.ours { fill: #1a7f37 } polyline { fill: none; stroke-width: 2; stroke: #818b98 }
  polyline.ours { stroke: #1a7f37 } polyline.expired { stroke: #bc4c00 } circle.expired, text.expired { fill: #bc4c00 }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1 } .title { fill: #f0f6fc } text.ours { fill: #3fb950 } .grid { stroke: #3d444d } circle { fill: #6e7681 } circle.ours { fill: #3fb950 }
    polyline { stroke: #6e7681 } polyline.ours { stroke: #3fb950 } polyline.expired { stroke: #f0883e } circle.expired, text.expired { fill: #f0883e }
  }`;

/** The SVG's text. */
export function plot({ calls, growth }) {
  const costs = Object.entries(calls.over).filter(([name]) => !name.includes(","));
  const height = TOP + ROW * costs.length + 40;
  const bottom = TOP + ROW * costs.length;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 ${height}" role="img" aria-label="What a call costs">
<style>${style}
</style>
${perLibrary(costs, bottom)}
${perCrowd(growth, bottom)}
</svg>
`;
}

// A dot for each library, its number beside it.
function perLibrary(costs, bottom) {
  const x = scale([0.1, 1000], LEFT);
  const lines = costs.map(([name, { median }], i) => {
    const y = TOP + ROW * (i + 0.5);
    const kind = name === "tokenkeeper" ? "ours" : "peer";
    return `${text(NAMES, y + 4, name, kind, "end")}${dot(x(median), y, kind)}${text(x(median) + 9, y + 4, `+${median < 10 ? median.toFixed(1) : Math.round(median)}`, `${kind} number`)}`;
  });
  return [text(0, 18, "A call with a good token: µs over a bare fetch", "title"), ...ticks([0.1, 1, 10, 100], x, bottom), ...lines].join("\n");
}

// A line for each kind of call, from one at a time to ten thousand at once.
function perCrowd({ good, expired }, bottom) {
  const crowds = Object.keys(good).map(Number);
  const x = scale([crowds[0], crowds.at(-1)], RIGHT);
  const y = scale([1, 1000], [bottom, TOP]);
  const line = (points, kind, name, shift = 0) => {
    const at = crowds.map((crowd) => [x(crowd), y(points[crowd])]);
    return `<polyline class="${kind}" points="${at.map((point) => point.map(round).join(",")).join(" ")}"/>${at.map(([left, top]) => dot(left, top, kind, 3)).join("")}${text(at.at(-1)[0] + 9, at.at(-1)[1] + 4 + shift, name, kind)}`;
  };
  const median = (points, of) => Object.fromEntries(Object.entries(points).map(([crowd, it]) => [crowd, it[of].median]));
  const rows = [1, 10, 100, 1000].map((cost) => `<path class="grid" d="M${RIGHT[0]} ${round(y(cost))}H${RIGHT[1]}"/>${text(RIGHT[0] - 8, y(cost) + 4, cost, "number", "end")}`);
  const columns = crowds.map((crowd) => text(x(crowd), bottom + 18, crowd.toLocaleString("en"), "number", "middle"));
  return [
    text(RIGHT[0] - 30, 18, "So many calls at once: µs for each", "title"), ...rows, ...columns,
    line(median(good, "bare"), "peer", "bare", 8), line(median(good, "tokenkeeper"), "ours", "good", -4), line(median(expired, "tokenkeeper"), "expired", "expired", -10),
  ].join("\n");
}

function scale([least, most], [from, to]) {
  return (value) => from + ((to - from) * Math.log(Math.max(value, least) / least)) / Math.log(most / least);
}

function ticks(values, x, bottom) {
  return values.map((value) => `<path class="grid" d="M${round(x(value))} ${TOP - 6}V${bottom}"/>${text(x(value), bottom + 18, value, "number", "middle")}`);
}

function dot(x, y, kind, radius = 5) {
  return `<circle class="${kind}" cx="${round(x)}" cy="${round(y)}" r="${radius}"/>`;
}

function text(x, y, words, kind, anchor = "start") {
  return `<text class="${kind}" x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${words}</text>`;
}

function round(number) {
  return Math.round(10 * number) / 10;
}
