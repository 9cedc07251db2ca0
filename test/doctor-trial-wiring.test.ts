// Owns the tests of how the doctor judges a server that it started.
import { expect, test } from 'vitest';
import { judgeTrial, type Trial, trialEntry, tryServer, withSteps } from '../src/doctor-trial-wiring.ts';
import { createServerPool } from '../src/downstream/pool.ts';
import { GatewayError } from '../src/errors.ts';
import { stdioEntry, testDeps } from './downstream/surroundings.ts';

const error = new GatewayError('SERVER_UNAVAILABLE', "server 'one' ended: it exited with code 3", { hint: 'mend it' });
const fix = { explanation: 'mend it' };
const failed = { status: 'failed', summary: error.message, facts: { code: 'SERVER_UNAVAILABLE' }, fix };

test.each<[string, Trial, 'stdio' | 'http', object[]]>([
  [
    'a command that lists its tools',
    { kind: 'listed', protocol: '2025-11-25', tools: 1 },
    'stdio',
    [
      { step: 'start', status: 'ok' },
      { step: 'list', status: 'ok', summary: 'lists 1 tool, revision 2025-11-25' },
    ],
  ],
  [
    'a command that ends at once',
    { kind: 'not opened', error },
    'stdio',
    [
      { step: 'start', ...failed },
      { step: 'list', status: 'skipped' },
    ],
  ],
  [
    'a command that answers, and then no more',
    { kind: 'not listed', protocol: '2025-11-25', error },
    'stdio',
    [
      { step: 'start', status: 'ok' },
      { step: 'list', ...failed },
    ],
  ],
  [
    'H58 as well: a server with tools that nobody agreed to',
    {
      kind: 'listed',
      protocol: 'x',
      tools: 2,
      doubted: { server: 'crm', names: ['a'], isBlocked: true },
    },
    'http',
    [
      {
        step: 'list',
        status: 'failed',
        summary: 'lists 2 tools, revision x; 1 not as agreed to, and blocked: a',
        fix: { command: 'portico tools crm --approve' },
      },
    ],
  ],
  ['a server on the network', { kind: 'not opened', error }, 'http', [{ step: 'list', ...failed }]],
])('E42: %s gets its steps', (_, trial, kind, steps) => {
  expect(judgeTrial(trial, kind)).toMatchObject(steps);
});

test('E42: the first step that failed is the verdict, unless something before it was worse', () => {
  const steps = judgeTrial({ kind: 'not opened', error }, 'stdio');
  const fine = { server: 'one', verdict: { kind: 'ok', summary: 'fine' }, steps: [] } as const;
  expect(withSteps(fine, steps).verdict).toEqual({ kind: 'problem', step: 'start', summary: error.message, fix });
  const worse = { ...fine, verdict: { kind: 'needs_login', summary: 'portico login one' } } as const;
  expect(withSteps(worse, steps)).toMatchObject({ verdict: worse.verdict, steps });
  expect(withSteps(fine, judgeTrial({ kind: 'listed', protocol: 'x', tools: 0 }, 'http')).verdict).toEqual(
    fine.verdict,
  );
});

test('E42: a command is really started, also a disabled one; exit code and last lines on stderr are told', async () => {
  const entries = [
    trialEntry(stdioEntry({ name: 'good', disabled: true })),
    trialEntry(stdioEntry({ name: 'bad', fixture: 'crash-on-start' })),
  ];
  const pool = createServerPool(testDeps(), { entries });
  try {
    const [good, bad] = await Promise.all(['good', 'bad'].map((name) => tryServer(pool, name)));
    expect(good).toMatchObject({ kind: 'listed', tools: 13 });
    expect(bad).toMatchObject({ kind: 'not opened' });
    const message = bad?.kind === 'not opened' ? bad.error.message : '';
    expect(message).toMatch(/exited with code 3[\s\S]*cannot open database/);
  } finally {
    await pool.close();
  }
});
