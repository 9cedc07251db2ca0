// Owns waiting with a limit; knows nothing of what is waited for.
import { orAborted } from './or-aborted.ts';

/**
 * Waits for `work`, at most `limitMs` milliseconds: true when it finished, false when the time was up (it goes on, and
 * a later failure of it is nobody's unhandled rejection). Rethrows its failure, and the reason of an aborted `signal`.
 */
export async function waitFor(work: Promise<unknown>, limitMs: number, signal?: AbortSignal): Promise<boolean> {
  signal?.throwIfAborted();
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const limit = new Promise<false>((resolve, reject) => {
    timer = setTimeout(resolve, limitMs, false);
    onAbort = () => reject(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work.then(() => true as const), limit]);
  } finally {
    clearTimeout(timer);
    if (onAbort) signal?.removeEventListener('abort', onAbort);
  }
}

/**
 * Runs `work` with a signal that aborts as `signal` does, or with a `TimeoutError` when the time is up; the wait ends
 * then, whatever the work makes of it. On a timer of our own: a signal that is joined out of `AbortSignal.timeout()` can be
 * collected as garbage before it fires, and `fetch` can lose its signal in the same way while a body arrives.
 */
export async function within<T>(
  limitMs: number,
  signal: AbortSignal | undefined,
  work: (until: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const end = new AbortController();
  const timeUp = (): void => end.abort(new DOMException('the time is up', 'TimeoutError'));
  const timer = setTimeout(timeUp, limitMs);
  const follow = (): void => end.abort(signal?.reason);
  signal?.addEventListener('abort', follow, { once: true });
  try {
    return await orAborted(work(end.signal), end.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', follow);
  }
}
