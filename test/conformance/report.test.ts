// What a run prints: a line for each scenario, the reasons below it, and one line that sums a requirement set up.
import { expect, it } from 'vitest';
import { detailsOf, summaryOf, tableOf } from '../../conformance/report.mjs';

const check = { id: 'pkce', name: 'PKCE', description: 'used PKCE', status: 'SUCCESS' };
const ran = { exitCode: 0, checks: [check], driver: { log: 'a line of the log' }, output: '', tookMs: 1234 };
const planned = { leg: 'client' as const, revision: '2025-11-25', scenario: 'auth/dpop', scored: true, alone: false };
const problems = ['one', 'two', 'three', 'four'].map((message) => ({ check: 'dpop', message }));

const passed = { planned, result: 'passed' as const, problems: [], ran, reason: undefined };
const failed = { ...passed, result: 'failed' as const, problems };
const known = {
  ...failed,
  planned: { ...planned, scored: false },
  result: 'baseline' as const,
  reason: 'needs proofs',
};
const stale = { ...passed, result: 'stale' as const, reason: 'needs proofs' };

it('a table shows each result, with the first problems and the reason of the baseline', () => {
  expect(tableOf('2025-11-25', [passed, failed, known, stale])).toEqual([
    '',
    'Requirements of 2025-11-25',
    '  auth/dpop  passed       1/1    1.2 s',
    '  auth/dpop  FAILED       1/1    1.2 s',
    '      dpop: one',
    '      dpop: two',
    '      dpop: three',
    '      and 1 more (--only auth/dpop --verbose shows all)',
    '  auth/dpop  baseline     1/1    1.2 s  not scored',
    '      baseline: needs proofs',
    '      dpop: one',
    '      dpop: two',
    '      dpop: three',
    '      and 1 more (--only auth/dpop --verbose shows all)',
    '  auth/dpop  STALE        1/1    1.2 s',
    '      baseline: needs proofs',
  ]);
});

it('a summary counts what passed, and what the exit code depends on', () => {
  expect(summaryOf('2025-11-25', [passed])).toBe('2025-11-25: 1 of 1 required, 0 of 0 not scored passed');
  expect(summaryOf('2025-11-25', [passed, failed, known, stale])).toBe(
    '2025-11-25: 2 of 3 required, 0 of 1 not scored passed; 1 failed, 1 in the baseline, 1 pass and must leave the baseline',
  );
});

it('the details hold every failed check, the gateway’s answer and its log', () => {
  const failure = { ...check, status: 'FAILURE', details: { header: 'missing' } };
  const error = { code: 'AUTH_FAILED', message: 'refused' };
  const text = detailsOf({ ...failed, ran: { ...ran, checks: [check, failure], driver: { error, log: 'its log' } } });
  expect(text.join('\n')).toContain('"header": "missing"');
  expect(text.join('\n')).not.toContain('SUCCESS');
  expect(text).toContain('the gateway answered: {"code":"AUTH_FAILED","message":"refused"}');
  expect(text).toContain('its log');
});
