// What the requirement sets of the suite become: which scenarios are run, and which of them count.
import { describe, expect, it } from 'vitest';
import { chosen, planOf } from '../../conformance/plan.mjs';

const requirements = {
  server: ['ping'],
  client: ['auth/metadata-default', 'sse-retry'],
  not_scored: [
    { scenario: 'auth/dpop', leg: 'client', reason: 'extension' },
    { scenario: 'tasks-lifecycle', leg: 'server', reason: 'extension' },
  ],
};

describe('the plan of a conformance run', () => {
  it('holds every scenario for clients, the unscored ones included, and none for servers', () => {
    expect(planOf('2025-11-25', requirements)).toEqual([
      { revision: '2025-11-25', scenario: 'auth/metadata-default', scored: true, alone: false },
      { revision: '2025-11-25', scenario: 'sse-retry', scored: true, alone: true },
      { revision: '2025-11-25', scenario: 'auth/dpop', scored: false, alone: false },
    ]);
  });

  it('is cut down to one scenario, one revision, or both', () => {
    const plan = ['2025-11-25', '2026-07-28'].flatMap((revision) => planOf(revision, requirements));
    const names = (filter: { only?: string; spec?: string }) =>
      chosen(plan, filter).map(({ revision, scenario }) => `${revision} ${scenario}`);
    expect(names({ only: 'auth/dpop' })).toEqual(['2025-11-25 auth/dpop', '2026-07-28 auth/dpop']);
    expect(names({ spec: '2026-07-28' })).toHaveLength(3);
    expect(names({ only: 'auth/dpop', spec: '2026-07-28' })).toEqual(['2026-07-28 auth/dpop']);
    expect(names({ only: 'auth/nothing' })).toEqual([]);
  });
});
