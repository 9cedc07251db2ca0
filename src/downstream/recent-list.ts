// Owns whether a list that a server gave earlier is good enough to be shown while the server is not up. Pure.

/** A server is not started only to list what it listed a day ago. */
const recentMs = 24 * 60 * 60_000;

export interface ListMoments {
  /** Epoch milliseconds, as all of these. */
  readonly now: () => number;
  /** When the config was last changed: what was listed before is of another one. */
  readonly configuredAt?: number | undefined;
}

/** `ttlMs`: how long the server itself calls it good, where it said so. */
export function isRecentList(listedAt: number, { now, configuredAt = 0 }: ListMoments, ttlMs = 0): boolean {
  const age = now() - listedAt;
  // A clock that was set back says nothing about the age.
  return age >= 0 && age < Math.max(ttlMs, recentMs) && listedAt >= configuredAt;
}
