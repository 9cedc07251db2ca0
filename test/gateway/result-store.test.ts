import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { judgeResult, type LargeResult } from '../../src/gateway/large-results.ts';
import { createResultStore } from '../../src/gateway/result-store.ts';

const owner = { agent: 'me', server: 'files', tool: 'read' };
const settings = { keptMs: 60_000, maxCount: 3, maxBytes: 10_000 };

function large(bytes: number): LargeResult {
  const result = judgeResult({ content: [{ type: 'text', text: 'x'.repeat(bytes) }] }, undefined, 1024);
  if (!result) throw new Error('it is not large');
  return result;
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

it('gives a result to the agent it was kept for, and to no other', () => {
  const store = createResultStore(settings);
  const result = large(2000);
  const id = store.keep(owner, result);
  expect(store.find('me', id)).toEqual({ kind: 'kept', owner, result });
  expect(store.find('other', id)).toBeUndefined();
  expect(store.find('me', 'nothing')).toBeUndefined();
});

it('keeps a result for its time, and says later that the time is up', () => {
  const store = createResultStore(settings);
  const id = store.keep(owner, large(2000));
  vi.advanceTimersByTime(59_999);
  expect(store.find('me', id)?.kind).toBe('kept');
  vi.advanceTimersByTime(1);
  expect(store.find('me', id)).toEqual({ kind: 'gone', owner, why: 'results are kept for 1 minutes' });
  expect(store.find('other', id)).toBeUndefined();
});

it.each([
  ['too many', 2000, 3],
  ['too large together', 4000, 2],
])('drops the oldest when they are %s', (_title, bytes, most) => {
  const store = createResultStore(settings);
  const ids = Array.from({ length: most + 1 }, () => store.keep(owner, large(bytes)));
  const [first, ...others] = ids.map((id) => store.find('me', id));
  expect(first).toMatchObject({ kind: 'gone', why: 'it had to make room for newer ones' });
  expect(others.map((found) => found?.kind)).toEqual(others.map(() => 'kept'));
  expect(vi.getTimerCount()).toBe(most);
});

it('keeps one that is larger than the room for all', () => {
  const store = createResultStore(settings);
  const small = store.keep(owner, large(2000));
  const id = store.keep(owner, large(20_000));
  expect(store.find('me', id)?.kind).toBe('kept');
  expect(store.find('me', small)?.kind).toBe('gone');
  const next = store.keep(owner, large(2000));
  expect([id, next].map((each) => store.find('me', each)?.kind)).toEqual(['gone', 'kept']);
});

it('forgets in the end what became of a result', () => {
  const store = createResultStore(settings);
  const id = store.keep(owner, large(2000));
  for (let count = 0; count < 202; count++) store.keep(owner, large(2000));
  expect(store.find('me', id)?.kind).toBe('gone');
  store.keep(owner, large(2000));
  expect(store.find('me', id)).toBeUndefined();
});
