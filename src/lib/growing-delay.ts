// Owns how pauses between attempts grow; knows nothing of what is attempted. Pure.

/** Twice as long with every attempt that was in vain, up to the longest. All in milliseconds; `attempts` from 0. */
export function growingDelayMs(
  attempts: number,
  { firstMs, longestMs }: { readonly firstMs: number; readonly longestMs: number },
): number {
  return Math.min(longestMs, firstMs * 2 ** attempts);
}
