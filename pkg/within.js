// Nothing waits without a deadline.

export const LATE = Symbol();

// What a promise brings, or LATE. The time is counted in two halves: when a page has slept through a deadline, its timer
// may ring before an answer that came meanwhile is heard, and that may hold the only refresh token that is still good.
export async function within(millis, promise) {
  const half = millis / 2;
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => (timer = setTimeout(resolve, half, LATE)), half);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
