// Owns the arithmetic of measuring: percentiles, rounds in turn, bounded loops. Knows nothing of what is measured.

export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

export const median = (values) => percentile(values, 0.5);

/**
 * Runs every contestant once per round, in turn, so that all of them meet the same weather; in every second round
 * backwards, so that none always comes after the same one. @returns name → figures, one a round
 */
export async function inTurn(contestants, rounds) {
  const entries = Object.entries(contestants);
  const figures = mapValues(contestants, () => []);
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of round % 2 === 0 ? entries : [...entries].reverse()) figures[name].push(await run());
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

/** Calls per second of `count` calls by `callers` at a time. */
export async function rateOf(call, count, callers) {
  const from = performance.now();
  await timeCalls(call, count, callers);
  return (count / (performance.now() - from)) * 1000;
}

/** Median of the ratios of the same round: steadier than the ratio of medians where the machine drifts. */
export function medianRatio(ones, others) {
  return median(ones.map((one, index) => one / others[index]));
}

export function mapValues(object, map) {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value, key)]));
}
