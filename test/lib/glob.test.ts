import { describe, expect, it } from 'vitest';
import { matchesGlob } from '../../src/lib/glob.ts';

describe('globs in names', () => {
  it.each([
    ['*', 'anything', true],
    ['*', '', true],
    ['docs-*', 'docs-', true],
    ['docs-*', 'my-docs-x', false],
    ['*_file', 'read_file', true],
    ['read?', 'reads', true],
    ['read?', 'read', false],
    ['a.c', 'abc', false],
    ['a.*', 'a.b', true],
    ['a.*', 'abb', false],
    ['[x]*', '[x]y', true],
    ['Docs-*', 'docs-x', false],
    ['a*', 'a\nb', true],
    ['?', '😀', true],
    ['*a*b*c*', 'xaybzc', true],
  ])('%s over %j is %s', (pattern, name, matches) => expect(matchesGlob(pattern, name)).toBe(matches));

  it('stays fast on a pattern of many stars', () => {
    expect(matchesGlob(`${'*a'.repeat(12)}b`, 'a'.repeat(200))).toBe(false);
  });
});
