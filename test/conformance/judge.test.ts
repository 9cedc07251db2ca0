// What a run of a scenario means for the exit code: every way to fail is seen, and the baseline cannot rot.
import { describe, expect, it } from 'vitest';
import { problemsOf, resultOf, strayEntries } from '../../conformance/judge.mjs';

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

describe('the baseline', () => {
  const baseline = { '2025-11-25': { 'auth/dpop': 'needs proofs' } };
  const problems = [{ check: 'dpop', message: 'no proof' }];

  it.each([
    ['passed', 'a scenario that it does not name passes', 'auth/wif-jwt-bearer', []],
    ['failed', 'a scenario that it does not name fails', 'auth/wif-jwt-bearer', problems],
    ['baseline', 'a scenario that it names fails', 'auth/dpop', problems],
    ['stale', 'a scenario that it names passes', 'auth/dpop', []],
  ])('makes it "%s" when %s', (result, _title, scenario, found) => {
    expect(resultOf({ revision: '2025-11-25', scenario, problems: found, baseline })).toBe(result);
  });

  it('counts for the revision it names alone', () => {
    expect(resultOf({ revision: '2026-07-28', scenario: 'auth/dpop', problems, baseline })).toBe('failed');
  });

  it('may name nothing that is never run', () => {
    const planned = {
      leg: 'client' as const,
      revision: '2025-11-25',
      scenario: 'auth/dpop',
      scored: false,
      alone: false,
    };
    expect(strayEntries(baseline, [planned])).toEqual([]);
    expect(strayEntries(baseline, [{ ...planned, revision: '2026-07-28' }])).toEqual(['2025-11-25 auth/dpop']);
  });
});
