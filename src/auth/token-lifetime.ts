// Owns what the times of a saved token mean: expired, due for a refresh, usable. Pure.
import type { SavedTokens } from './token-store.ts';

/** Refresh is due when less than this is left, or less than a quarter of the lifetime. */
const maxMarginMs = 60_000;

/** Whether a token should be refreshed before it is used. `now`: epoch ms. */
export function isDue({ expires_at, issued_at }: SavedTokens, now: number): boolean {
  if (expires_at === undefined) return false;
  const quarterMs = issued_at === undefined ? maxMarginMs : ((expires_at - issued_at) * 1000) / 4;
  return expires_at * 1000 - now < Math.min(maxMarginMs, Math.max(quarterMs, 0));
}

export function isExpired({ expires_at }: SavedTokens, now: number): boolean {
  return expires_at !== undefined && expires_at * 1000 <= now;
}

/** Whether a token that somebody else saved is as good as one that was refreshed now. */
export function isUsable(tokens: SavedTokens, now: number): boolean {
  return tokens.refresh_token === undefined ? !isExpired(tokens, now) : !isDue(tokens, now);
}
