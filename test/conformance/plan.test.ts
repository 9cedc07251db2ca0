// What the requirement sets of the suite become: which scenarios are run, and which of them count.
import { describe, expect, it } from 'vitest';
import { chosen, legs, planOf, revisions } from '../../conformance/plan.mjs';

const requirements = {
  server: ['ping'],
  client: ['auth/metadata-default', 'sse-retry'],
  not_scored: [
    { scenario: 'auth/dpop', leg: 'client', reason: 'extension' },
    { scenario: 'tasks-lifecycle', leg: 'server', reason: 'extension' },
  ],
};

describe('the plan of a conformance run', () => {
  it('holds every scenario for clients, or every one for servers, the unscored ones included', () => {
    const client = { leg: 'client', revision: '2025-11-25' };
    expect(planOf('2025-11-25', requirements, 'client')).toEqual([
      { ...client, scenario: 'auth/metadata-default', scored: true, alone: false },
      { ...client, scenario: 'sse-retry', scored: true, alone: true },
      { ...client, scenario: 'auth/dpop', scored: false, alone: false },
    ]);
    const server = { leg: 'server', revision: '2025-11-25', alone: false };
    expect(planOf('2025-11-25', requirements, 'server')).toEqual([
      { ...server, scenario: 'ping', scored: true },
      { ...server, scenario: 'tasks-lifecycle', scored: false },
    ]);
  });

  it('is cut down to one scenario, one revision, one leg, or all of these', () => {
    const plan = legs.flatMap((leg) => revisions.flatMap((revision) => planOf(revision, requirements, leg)));
    const names = (filter: { only?: string; spec?: string; leg?: string }) =>
      chosen(plan, filter).map(({ revision, scenario }) => `${revision} ${scenario}`);
    expect(names({ only: 'auth/dpop' })).toEqual(['2025-11-25 auth/dpop', '2026-07-28 auth/dpop']);
    expect(names({ spec: '2026-07-28' })).toHaveLength(5);
    expect(names({ spec: '2026-07-28', leg: 'server' })).toEqual(['2026-07-28 ping', '2026-07-28 tasks-lifecycle']);
    expect(names({ only: 'auth/dpop', spec: '2026-07-28' })).toEqual(['2026-07-28 auth/dpop']);
    expect(names({ only: 'auth/nothing' })).toEqual([]);
  });
});
