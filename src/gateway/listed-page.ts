// Owns showing a long list to an agent page by page; entries are never changed. Pure.
import { GatewayError } from '../errors.ts';
import { isGlob, matchesGlob } from '../lib/glob.ts';
import { estimateTokens } from './token-estimate.ts';

export interface Page<T> {
  readonly shown: readonly T[];
  readonly next: { readonly next_cursor?: string };
}

/** Tokens. */
const pageBudget = 4000;

/** The entries from `cursor` on that fit; at least one, so that every page makes progress. */
export function pageOf<T>(entries: readonly T[], cursor: string | undefined): Page<T> {
  const start = offsetOf(cursor);
  let end = start;
  let used = 0;
  for (const entry of entries.slice(start)) {
    used += estimateTokens(entry);
    if (end > start && used > pageBudget) break;
    end += 1;
  }
  return {
    shown: entries.slice(start, end),
    next: end < entries.length ? { next_cursor: String(end) } : {},
  };
}

/** Whether one of the names fits a glob, or without `*` and `?` contains the pattern. */
export function fits(pattern: string | undefined, names: readonly unknown[]): boolean {
  if (pattern === undefined) return true;
  const fitting = (name: string): boolean =>
    isGlob(pattern) ? matchesGlob(pattern, name) : name.toLowerCase().includes(pattern.toLowerCase());
  return names.some((name) => typeof name === 'string' && fitting(name));
}

function offsetOf(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  if (/^\d{1,6}$/u.test(cursor)) return Number(cursor);
  throw new GatewayError('INVALID_ARGUMENTS', `'${cursor.slice(0, 40)}' is no cursor of this list`, {
    hint: 'Pass next_cursor of the previous answer as it was, or none.',
  });
}
