// What was measured as tables, in Markdown: medians, and in brackets what four fifths of the rounds lie between.

const row = (...cells) => `| ${cells.join(" | ")} |`;
const grid = (head, rows) => [row(...head), row(...head.map(() => "---")), ...rows.map((cells) => row(...cells))].join("\n");
const signed = ({ median, p10, p90 }) => `${plus(median)} (${plus(p10)} … ${plus(p90)})`;
const plus = (number) => `${number < 0 ? "−" : "+"}${Math.abs(number)}`;
const range = ({ median, p10, p90 }) => `${median} (${p10} … ${p90})`;

/** One for each part. */
export const table = {
  calls: ({ bare, over }) => grid(
    [`a call with a good token`, `µs over a bare \`fetch\` (${bare.median} µs)`],
    Object.entries(over).map(([name, it]) => [name, signed(it)]),
  ),
  decode: (sizes) => grid(
    ["decoding, × jose's time", ...Object.keys(sizes).map((bytes) => `${bytes} B`)],
    ["tokenkeeper", "jwt-decode"].map((name) => [name, ...Object.values(sizes).map((it) => range(it[name].ofJose))]),
  ),
  herd: ({ calls, bare, tokenkeeper, ofBare, refreshes, failures }) => grid(
    [`${calls} calls at once on an expired token`, "ms", "× bare", "refreshes", "failures"],
    [["bare `fetch`, with a good token", range(bare), "1", "", ""], ["tokenkeeper", range(tokenkeeper), range(ofBare), refreshes.join(" or "), failures]],
  ),
  start: (starts) => grid(
    ["from the script's text to something usable", "cold, ms", "of which the script, evaluated", "the rest", "of which the module, to its instance", "warm, ms", "requests", "brotli 11, kB"],
    Object.entries(starts).map(([name, it]) => [name, range(it.cold), it.script.median, range(it.rest), it.module.median || "", range(it.warm), it.requests, (it.bytes / 1000).toFixed(1)]),
  ),
  visit: (visits) => grid(
    ["from navigation to the first authorised answer", "ms", "beside the hand-rolled page"],
    Object.entries(visits).map(([name, { time, over }]) => [name, range(time), over ? signed(over) : ""]),
  ),
  growth: ({ good, expired, resources, tabs }) => [
    grid(
      ["calls at once, µs for each", ...Object.keys(good)],
      [
        ["bare `fetch`", ...Object.values(good).map(({ bare }) => bare.median)],
        ["with a good token", ...Object.values(good).map(({ tokenkeeper }) => tokenkeeper.median)],
        ["with an expired one, one refresh among them", ...Object.values(expired).map(({ tokenkeeper }) => tokenkeeper.median)],
      ],
    ),
    grid(
      ["resources in the allow-list, µs over a bare `fetch`", ...Object.keys(resources)],
      [
        ["an address called before", ...Object.values(resources).map(({ over }) => plus(over.known.median))],
        ["a new address each time", ...Object.values(resources).map(({ over }) => plus(over.unknown.median))],
      ],
    ),
    grid(
      ["tabs with the same session, µs over a bare `fetch`", ...Object.keys(tabs)],
      [
        ["a call with a good token", ...Object.values(tabs).map(({ over }) => plus(over.tokenkeeper.median))],
        ["each of 1,000 calls at once with an expired one, whole", ...Object.values(tabs).map(({ expired }) => expired.median)],
      ],
    ),
  ].join("\n\n"),
};

/** The table for who has a minute. */
export function brief({ calls, decode, herd, start, growth }) {
  const over = (name) => `${plus(round(calls.over[name].median))} µs`;
  const peers = (names, value) => names.map((name) => `${name} ${value(name)}`).join(" · ");
  const started = (name) => `${round(start[name].cold.median)} ms (warm ${round(start[name].warm.median)})`;
  const others = Object.keys(calls.over).filter((name) => !name.startsWith("tokenkeeper"));
  const crowds = ["100", "10000"].map((crowd) => round(growth.good[crowd].over.tokenkeeper.median));
  return grid(["", "tokenkeeper", "beside it"], [
    ["a call with a good token, over a bare `fetch`", over("tokenkeeper"), peers(others, over)],
    [`the same, for each of 100 and of 10,000 at once`, `${plus(crowds[0])} and ${plus(crowds[1])} µs`, ""],
    [`decoding payloads of ${Object.keys(decode).join(", ")} B`, `${Object.values(decode).map((it) => it.tokenkeeper.ofJose.median).join(", ")} × jose`, `jwt-decode ${Object.values(decode).map((it) => round(it["jwt-decode"].ofJose.median)).join(", ")} × jose`],
    [`${herd.calls.toLocaleString("en")} calls at once on an expired token, at a real server`, `${herd.refreshes.join(" or ")} refresh, ${herd.failures} failures, ${herd.ofBare.median} × bare`, ""],
    ["from the script's text to a manager, on a page's first load", started("default"), peers(["oidc-client-ts", "supabase", "auth0"], started)],
  ]);
}

function round(number) {
  return Number(number.toFixed(Math.abs(number) < 10 ? 1 : 0));
}
