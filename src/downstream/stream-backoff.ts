// Owns when a lost event stream is opened again; knows nothing of what runs over it.
import { growingDelayMs } from '../lib/growing-delay.ts';

const firstDelayMs = 500;
export const longestDelayMs = 60_000;
/** A stream that lived this long was healthy: the next loss starts from the first delay. */
const healthyMs = 60_000;

export interface StreamBackoff {
  /** Something was received: the server is of use. */
  delivered(): void;
  /** Milliseconds to wait now; never shorter than the server asked for, never longer than a minute. */
  nextDelayMs(askedMs: number): number;
}

/** Doubling, with jitter, so that neither a server nor a fleet of gateways is met by a storm of reconnects. */
export function createStreamBackoff(deps: {
  readonly now: () => number;
  readonly random?: () => number;
}): StreamBackoff {
  const random = deps.random ?? Math.random;
  let attempts = 0;
  let lastAt = Number.NEGATIVE_INFINITY;
  return {
    delivered() {
      attempts = 0;
    },
    nextDelayMs(askedMs) {
      const now = deps.now();
      if (now - lastAt > healthyMs + longestDelayMs) attempts = 0;
      lastAt = now;
      const own = growingDelayMs(attempts++, { firstMs: firstDelayMs, longestMs: longestDelayMs });
      return Math.min(longestDelayMs, Math.max(askedMs, own * (0.5 + random() / 2)));
    },
  };
}
