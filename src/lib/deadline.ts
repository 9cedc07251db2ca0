// Owns waiting with a limit; knows nothing of what is waited for.

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
