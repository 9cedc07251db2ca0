// Owns the arithmetic of measuring: percentiles, rounds in turn, bounded loops. Knows nothing of what is measured.

export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

export const median = (values) => percentile(values, 0.5);

/** Runs every contestant once per round, in turn, so that all of them meet the same weather. @returns name → figures */
export async function inTurn(contestants, rounds) {
  const figures = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of Object.entries(contestants)) figures[name].push(await run());
  }
  return figures;
}

/** Milliseconds of each of `count` calls, by `callers` at a time. */
export async function timeCalls(call, count, callers = 1) {
  const times = [];
  let started = 0;
  const caller = async () => {
    while (started < count) {
      started += 1;
      const from = performance.now();
      await call();
      times.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return times;
}

/** Median of the ratios of the same round: steadier than the ratio of medians where the machine drifts. */
export function medianRatio(ones, others) {
  return median(ones.map((one, index) => one / others[index]));
}
