// Owns the tests of the directories.
import { resolve, sep } from 'node:path';
import { expect, test } from 'vitest';
import { findPaths } from '../src/paths.ts';

const cwd = resolve('/some/where');

test('without settings everything is in directories of the user, without a version', () => {
  const paths = findPaths({ env: {}, cwd });
  for (const path of [paths.configDir, paths.tokenDir, paths.cacheDir, paths.logDir, paths.auditFile]) {
    expect(path?.split(sep)).toContain('portico');
    expect(path).not.toMatch(/\d+\.\d+\.\d+|nodejs/);
  }
  expect(paths.auditFile).toBe(resolve(paths.logDir, 'audit.jsonl'));
  expect(Object.isFrozen(paths)).toBe(true);
});

test.each([
  ['the option', { GATEWAY_TOKEN_DIR: 'env' }, 'flag', resolve(cwd, 'flag')],
  ['the environment', { GATEWAY_TOKEN_DIR: 'env' }, undefined, resolve(cwd, 'env')],
  ['an absolute path', { GATEWAY_TOKEN_DIR: resolve('/data') }, undefined, resolve('/data')],
  ['the default where both are empty', { GATEWAY_TOKEN_DIR: '' }, '', findPaths({ env: {}, cwd }).tokenDir],
])('the directory of the logins comes from %s', (_, env, tokenDir, expected) => {
  expect(findPaths({ env, cwd, tokenDir }).tokenDir).toBe(expected);
});

test.each([
  ['off', undefined],
  ['logs/a.jsonl', resolve(cwd, 'logs/a.jsonl')],
  ['~/a.jsonl', resolve('/home/ann/a.jsonl')],
  ['', findPaths({ env: {}, cwd }).auditFile],
])('GATEWAY_AUDIT_LOG=%s', (value, expected) => {
  expect(
    findPaths({ env: { GATEWAY_AUDIT_LOG: value, HOME: '/home/ann', USERPROFILE: '/home/ann' }, cwd }).auditFile,
  ).toBe(expected);
});
