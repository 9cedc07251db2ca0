// Tests of src/downstream/question-rounds.ts; the rounds as a whole are in test/e2e/newer-servers.test.ts.
import { expect, it } from 'vitest';
import { answerQuestions, refuseLateAnswers } from '../../src/downstream/question-rounds.ts';
import type { CallHost } from '../../src/wire/call-host.ts';

/** A host that is asked in the course of a call, and what it was asked. */
function askedHost(more: Partial<CallHost> = {}) {
  const asked: unknown[] = [];
  const host: CallHost = {
    capabilities: { elicitation: {} },
    meta: {},
    takesQuestions: false,
    ask: async (_method, params) => void asked.push(params),
    notify: () => undefined,
    ...more,
  };
  return { asked, host };
}

it.each([
  [
    'gets a name for a URL to open, which 2025-11-25 asks for',
    { mode: 'url', url: 'https://a.test' },
    expect.any(String),
  ],
  ['gets the name that is there', { mode: 'url', url: 'https://a.test', elicitationId: '7' }, '7'],
  ['gets a form as it is', { message: 'm' }, undefined],
])('a host of the older revisions %s', async (_, params, elicitationId) => {
  const { asked, host } = askedHost();
  const inputRequests = { q: { method: 'elicitation/create', params } };
  const done = { result: { resultType: 'complete' }, size: 1 };
  const answer = await answerQuestions(
    { result: { resultType: 'input_required', inputRequests }, size: 1 },
    { server: 's', doing: 'd', host, signal: new AbortController().signal, repeat: async () => done },
  );
  expect(answer).toBe(done);
  expect(asked).toEqual([{ ...params, ...(elicitationId !== undefined && { elicitationId }) }]);
});

it('answers for which nobody waits any more reach no server that cannot have asked for them', () => {
  expect(() => refuseLateAnswers(askedHost({ answers: { requestState: 'x' } }).host, 's')).toThrow(/twice or too late/);
  expect(() => refuseLateAnswers(askedHost().host, 's')).not.toThrow();
});
