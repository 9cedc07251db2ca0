// Owns reading a scope: its words, without what no scope holds. Pure.
import { oddCharacters } from './endpoint-rule.ts';

/** RFC 6749 section 3.3: words of visible characters. What steers a terminal, or is not seen, is no scope of anybody. */
export function scopeWords(scope: string | undefined): readonly string[] {
  return scope?.split(/\s+/).filter((word) => word !== '' && !oddCharacters.test(word)) ?? [];
}
