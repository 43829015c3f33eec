// What is kept of a run: medians, and what four fifths of the rounds lie between.

/** The middle one, and what four fifths lie between. */
const spread = (numbers, digits = 2) => {
  const sorted = numbers.toSorted((a, b) => a - b);
  const at = (share) => Number(sorted[Math.round(share * (sorted.length - 1))].toFixed(digits));
  return { median: at(0.5), p10: at(0.1), p90: at(0.9) };
};

const paired = (ours, base, how, digits) => spread(ours.map((time, i) => how(time, base[i])), digits);
const minus = (a, b) => a - b;
const ratio = (a, b) => a / b;

// Every value of an object, changed.
const each = (object, change) => Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value, name)]));

export const summary = {
  // Over a bare fetch, µs.
  calls: ({ bare, "bare, body read": read, ...calls }) => ({
    bare: spread(bare),
    over: each(calls, (times, name) => paired(times, name.startsWith("axios") ? read : bare, minus)),
  }),

  // µs, and of jose's time.
  decode: (sizes) => each(sizes, ({ jose, ...others }) => ({
    jose: { time: spread(jose) },
    ...each(others, (times) => ({ time: spread(times), ofJose: paired(times, jose, ratio) })),
  })),

  // µs a call.
  growth({ good, expired, resources, tabs }) {
    const beside = ({ bare, ...others }) => ({
      bare: spread(bare),
      ...each(others, (times) => spread(times)),
      over: each(others, (times) => paired(times, bare, minus)),
    });
    return {
      good: each(good, beside),
      expired: each(expired, beside),
      resources: each(resources, beside),
      tabs: each(tabs, ({ expired, ...it }) => ({ ...beside(it), expired: spread(expired) })), // a thousand calls in so many ms
    };
  },

  herd: ({ calls, rounds }) => ({
    calls,
    bare: spread(rounds.map(({ bare }) => bare), 0),
    tokenkeeper: spread(rounds.map(({ tokenkeeper }) => tokenkeeper), 0),
    ofBare: spread(rounds.map(({ bare, tokenkeeper }) => tokenkeeper / bare)),
    refreshes: [...new Set(rounds.map(({ refreshes }) => refreshes))],
    failures: rounds.reduce((sum, { failures }) => sum + failures, 0),
  }),

  // ms and bytes.
  start: (starts) => each(starts, ({ bytes, cold, warm, script, module, requests }) => ({
    bytes,
    cold: spread(cold),
    script: spread(script),
    rest: spread(cold.map((took, i) => took - script[i])),
    module: spread(module),
    warm: spread(warm),
    requests: Math.max(...requests),
  })),

  // ms from the navigation's begin, and beside the hand-rolled page of the same round.
  visit: (visits) => each(visits, (times, name) => ({
    time: spread(times, 1),
    ...(name === "hand-rolled" ? {} : { over: paired(times, visits["hand-rolled"], minus, 1) }),
  })),
};
