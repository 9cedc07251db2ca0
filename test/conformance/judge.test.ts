// What a run of a scenario means for the exit code: every way to fail is seen.
import { describe, expect, it } from 'vitest';
import { problemsOf } from '../../conformance/judge.mjs';

const success = { id: 'pkce', name: 'PKCE', description: 'used PKCE', status: 'SUCCESS' };
const failure = { ...success, status: 'FAILURE', errorMessage: 'no code_challenge' };
const warning = { ...success, status: 'WARNING', description: 'asked for too much' };
const done = { exitCode: 0, checks: [success], driver: { log: '' }, output: 'a\nthe last line\n', tookMs: 1 };
const refused = { error: { code: 'AUTH_FAILED', message: 'another issuer' }, log: '' };
const unreachable = { error: { code: 'SERVER_UNAVAILABLE', message: 'no answer' }, log: '' };

describe('the verdict about a scenario', () => {
  it.each([
    ['every check succeeded', 'auth/dpop', done, []],
    ['a check failed', 'auth/dpop', { ...done, checks: [success, failure] }, ['pkce: no code_challenge']],
    ['a check is a warning', 'auth/dpop', { ...done, checks: [warning] }, ['pkce: asked for too much']],
    ['the suite failed it for a reason of its own', 'auth/dpop', { ...done, exitCode: 1 }, ['suite: the last line']],
    ['the suite did not run it', 'auth/dpop', { ...done, checks: undefined }, ['suite: the last line']],
    ['the driver did not end', 'auth/dpop', { ...done, driver: undefined }, ['driver: the last line']],
    ['a step failed', 'auth/dpop', { ...done, driver: unreachable }, ['driver: SERVER_UNAVAILABLE: no answer']],
    ['the gateway refuses where it has to', 'auth/iss-wrong-issuer', { ...done, driver: refused }, []],
    [
      'the gateway fails where it has to refuse',
      'auth/iss-wrong-issuer',
      { ...done, driver: unreachable },
      ['driver: the gateway was to refuse with AUTH_FAILED, and it was SERVER_UNAVAILABLE: no answer'],
    ],
    [
      'the gateway goes on where it has to refuse',
      'auth/resource-mismatch',
      done,
      ['driver: the gateway was to refuse with AUTH_FAILED, and every step succeeded'],
    ],
  ])('names the problems when %s', (_title, scenario, ran, problems) => {
    expect(problemsOf(scenario, ran).map(({ check, message }) => `${check}: ${message}`)).toEqual(problems);
  });
});
