// Owns how many servers are started at once, and in which order the others follow. Knows nothing of servers.
import { type Later, later as realLater } from '../lib/later.ts';

/** A start loads a runtime and often a package: more at once take longer than one after the other. */
const mostAtOnce = 4;
/** One that takes longer waits for something, and no longer keeps the others from starting. Milliseconds. */
const longestTurnMs = 10_000;

export interface StartLimit {
  /**
   * Runs `start` when it is its turn: first come, first served.
   * @throws the signal's reason, where that comes before the turn does; afterwards the signal means nothing here
   */
  run<T>(start: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

export function createStartLimit(
  { later = realLater }: { readonly later?: Later | undefined } = {},
  { most = mostAtOnce, turnMs = longestTurnMs }: { readonly most?: number; readonly turnMs?: number } = {},
): StartLimit {
  const queue: (() => void)[] = [];
  let running = 0;
  const leave = (): void => {
    const next = queue.shift();
    // The place goes from hand to hand, so that nobody who comes meanwhile is faster.
    if (next) next();
    else running--;
  };
  const turn = (signal: AbortSignal): Promise<void> => {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (running < most) {
      running++;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        queue.splice(queue.indexOf(enter), 1);
        reject(signal.reason);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      queue.push(enter);
    });
  };
  return {
    async run(start, signal) {
      await turn(signal);
      let hasLeft = false;
      const leaveOnce = (): void => {
        if (!hasLeft) leave();
        hasLeft = true;
      };
      const cancel = later(leaveOnce, turnMs);
      try {
        return await start();
      } finally {
        cancel();
        leaveOnce();
      }
    },
  };
}
