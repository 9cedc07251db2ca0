// What a run prints: a line for each scenario, the reasons below it, and one line that sums a requirement set up.
import { expect, it } from 'vitest';
import { detailsOf, summaryOf, tableOf } from '../../conformance/report.mjs';

const check = { id: 'pkce', name: 'PKCE', description: 'used PKCE', status: 'SUCCESS' };
const ran = { exitCode: 0, checks: [check], driver: { log: 'a line of the log' }, output: '', tookMs: 1234 };
const planned = { leg: 'client' as const, revision: '2025-11-25', scenario: 'auth/dpop', scored: true, alone: false };
const problems = ['one', 'two', 'three', 'four'].map((message) => ({ check: 'dpop', message }));

const passed = { planned, problems: [], ran };
const failed = { ...passed, planned: { ...planned, scored: false }, problems };

it('a table shows each result, with the first problems', () => {
  expect(tableOf('2025-11-25', [passed, failed])).toEqual([
    '',
    'Requirements of 2025-11-25',
    '  auth/dpop  passed     1/1    1.2 s',
    '  auth/dpop  FAILED     1/1    1.2 s  not scored',
    '      dpop: one',
    '      dpop: two',
    '      dpop: three',
    '      and 1 more (--only auth/dpop --verbose shows all)',
  ]);
});

it('a summary counts what passed, and what the exit code depends on', () => {
  expect(summaryOf('2025-11-25', [passed])).toBe('2025-11-25: 1 of 1 required, 0 of 0 not scored passed');
  expect(summaryOf('2025-11-25', [passed, failed])).toBe(
    '2025-11-25: 1 of 1 required, 0 of 1 not scored passed; 1 failed',
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
