// Owns the tests of "did you mean".
import { expect, test } from 'vitest';
import { editDistance, nearestNames } from '../../src/lib/nearest-name.ts';

const known = ['brave-search', 'filesystem', 'github', 'gitlab', 'clientId', 'clientSecret', 'url'];

test.each([
  ['githb', ['github', 'gitlab']],
  ['gihtub', ['github']],
  ['GITHUB', ['github', 'gitlab']],
  ['gitlub', ['github', 'gitlab']],
  ['search', ['brave-search']],
  ['client_id', ['clientId']],
  ['brave_search', ['brave-search']],
  ['ulr', ['url']],
  ['zzzzzz', []],
  ['', []],
])('%j is near to %j', (name, expected) => {
  expect(nearestNames(name, known)).toEqual(expected);
});

test('no more names than asked for, the nearest first', () => {
  const candidates = Array.from({ length: 50 }, (_, index) => `tool_${index}`);
  expect(nearestNames('tool_7', candidates)).toHaveLength(3);
  expect(nearestNames('tool_7', candidates, 1)).toEqual(['tool_7']);
});

test.each([
  ['ab', 'ba', 1],
  ['abc', 'abc', 0],
  ['', 'abc', 3],
  ['kitten', 'sitting', 3],
])('%s and %s are %i apart', (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
});
