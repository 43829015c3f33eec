// How the pages measure: side by side in small batches, so that whatever drifts drifts for all.

const WARM_UP = 3; // rounds that do not count

/** Microseconds per call of each of these, round by round; each round begins with another one. */
export async function sideBySide(calls, { rounds, size }) {
  const names = Object.keys(calls);
  const times = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -WARM_UP; round < rounds; round += 1) {
    const first = (round + WARM_UP) % names.length;
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      const call = calls[name];
      const started = performance.now();
      for (let i = 0; i < size; i += 1) {
        const done = call(i);
        if (done instanceof Promise) await done; // what is synchronous must not pay for waiting
      }
      if (round >= 0) times[name].push((1000 * (performance.now() - started)) / size);
    }
  }
  return times;
}

/** `count` calls at once; milliseconds until all are answered. */
export async function crowd(count, call) {
  const started = performance.now();
  await Promise.all(Array.from({ length: count }, (_, i) => call(i)));
  return performance.now() - started;
}

const platform = globalThis.fetch;

/** Does the work and tells the bench what came of it. */
export async function report(work) {
  const result = JSON.stringify(await work().catch((error) => ({ error: `${error.stack ?? error}` })));
  // A page of another origin may not call the bench, but it may go there.
  const elsewhere = new URLSearchParams(location.search).get("report");
  if (elsewhere) location.replace(`${elsewhere}#${encodeURIComponent(result)}`);
  else await platform("/report", { method: "POST", body: result });
}
