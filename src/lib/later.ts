// Owns doing something at a later time, so that whoever waits can be given another clock.
import { orAborted } from './or-aborted.ts';

/** Runs `work` after so many milliseconds, unless the function that is returned is called before. */
export type Later = (work: () => void, afterMs: number) => () => void;

export const later: Later = (work, afterMs) => {
  const timer = setTimeout(work, afterMs);
  return () => clearTimeout(timer);
};

/** Resolves after so many milliseconds of that clock, or rejects with the signal's reason. */
export async function pause(later: Later, ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0) return signal.throwIfAborted();
  let cancel: (() => void) | undefined;
  const over = new Promise<void>((resolve) => {
    cancel = later(resolve, ms);
  });
  try {
    await orAborted(over, signal);
  } finally {
    cancel?.();
  }
}
