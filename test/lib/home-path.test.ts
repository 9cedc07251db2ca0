// Owns the tests of `~` in paths.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { expandHome } from '../../src/lib/home-path.ts';

const env = { HOME: '/home/ann', USERPROFILE: 'C:\\Users\\ann' };

test.each<[string, NodeJS.Platform, string]>([
  ['~', 'linux', '/home/ann'],
  ['~/', 'linux', '/home/ann'],
  ['~/a/b.json', 'darwin', join('/home/ann', 'a', 'b.json')],
  ['~ann/a', 'linux', '~ann/a'],
  ['a/~/b', 'linux', 'a/~/b'],
  ['/a', 'linux', '/a'],
  ['~\\a', 'linux', '~\\a'],
  ['~\\a', 'win32', join('C:\\Users\\ann', 'a')],
  ['~/a', 'win32', join('C:\\Users\\ann', 'a')],
])('%s on %s is %s', (path, platform, expected) => {
  expect(expandHome(path, env, platform)).toBe(expected);
});

test('without a variable the home is the one that the system knows', () => {
  expect(expandHome('~/a', {}, process.platform)).toBe(join(homedir(), 'a'));
});
