// Owns a clock that tests turn by hand.
import type { Later } from '../../src/lib/later.ts';

export interface HandClock {
  readonly now: () => number;
  readonly later: Later;
  /** Goes on by so many milliseconds; what is due on the way is done, in its order. */
  advance(ms: number): void;
  /** How many wait for their time. */
  pending(): number;
}

export function handClock(): HandClock {
  let time = Date.parse('2026-01-01T00:00:00Z');
  const waiting = new Set<{ readonly at: number; readonly work: () => void }>();
  const nextUntil = (end: number) =>
    [...waiting]
      .filter(({ at }) => at <= end)
      .reduce<{ at: number; work: () => void } | undefined>(
        (first, each) => (first && first.at <= each.at ? first : each),
        undefined,
      );
  return {
    now: () => time,
    later(work, afterMs) {
      const entry = { at: time + afterMs, work };
      waiting.add(entry);
      return () => void waiting.delete(entry);
    },
    advance(ms) {
      const end = time + ms;
      for (let due = nextUntil(end); due; due = nextUntil(end)) {
        waiting.delete(due);
        time = Math.max(time, due.at);
        due.work();
      }
      time = end;
    },
    pending: () => waiting.size,
  };
}
