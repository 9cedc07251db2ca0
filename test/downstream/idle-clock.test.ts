// Tests of src/downstream/idle-clock.ts and open-work.ts.
import { describe, expect, it } from 'vitest';
import { IdleClock } from '../../src/downstream/idle-clock.ts';
import { OpenWork } from '../../src/downstream/open-work.ts';
import { handClock } from './hand-clock.ts';

const taskMs = 100_000;

function scene() {
  const clock = handClock();
  const work = new OpenWork(clock.now, { taskMs });
  const idle = new IdleClock(clock, 1000);
  let rests = 0;
  idle.watch({ usedAt: () => work.usedAt, isBusy: () => work.isOpen() }, () => rests++);
  return { clock, work, idle, rests: () => rests };
}

describe('something that is watched', () => {
  it('is idle when it was not used for the whole time, once', () => {
    const { clock, work, rests } = scene();
    clock.advance(999);
    work.touch();
    clock.advance(999);
    expect(rests()).toBe(0);
    clock.advance(1);
    expect(rests()).toBe(1);
    clock.advance(60_000);
    expect(rests()).toBe(1);
    expect(clock.pending()).toBe(0);
  });

  it('is not idle as long as one of its requests runs, and the time begins at the end of the last', () => {
    const { clock, work, rests } = scene();
    const ends = [work.begin(), work.begin()];
    clock.advance(60_000);
    ends[0]?.();
    clock.advance(60_000);
    expect(rests()).toBe(0);
    ends[1]?.();
    clock.advance(999);
    expect(rests()).toBe(0);
    clock.advance(1001);
    expect(rests()).toBe(1);
  });

  it('is never idle when nobody watches any more', () => {
    const { clock, idle, rests } = scene();
    idle.stop();
    clock.advance(60_000);
    expect(rests()).toBe(0);
  });
});

describe('work is open', () => {
  const task = { resultType: 'task', taskId: 't', status: 'working' };
  const asked = { resultType: 'input_required', inputRequests: {}, requestState: 's' };

  it.each([
    ['completed', false],
    ['failed', false],
    ['cancelled', false],
    ['working', true],
    ['input_required', true],
  ])('while a task that was asked about is %s: %s', (status, isOpen) => {
    const { work } = scene();
    work.answered('tools/call', {}, task);
    expect(work.isOpen()).toBe(true);
    work.answered('tasks/get', { taskId: 't' }, { status });
    expect(work.isOpen()).toBe(isOpen);
  });

  it.each([
    ['as long as it said', { ...task, ttlMs: 5000 }, 5000],
    ['for some hours where it did not say', { ...task, ttlMs: null }, taskMs],
  ])('while nobody asks about a task, %s', (_title, result, openMs) => {
    const { clock, work } = scene();
    work.answered('tools/call', {}, result);
    clock.advance(openMs - 1);
    expect(work.isOpen()).toBe(true);
    clock.advance(1);
    expect(work.isOpen()).toBe(false);
  });

  it('no more when a task is cancelled', () => {
    const { work } = scene();
    work.answered('tools/call', {}, task);
    work.answered('tasks/cancel', { taskId: 't' }, {});
    expect(work.isOpen()).toBe(false);
  });

  it('while the host holds a question, until the answer or for ten minutes', () => {
    const { clock, work } = scene();
    work.answered('tools/call', {}, asked);
    expect(work.isOpen()).toBe(true);
    work.answered('tools/call', { requestState: 's' }, { ...asked, requestState: 's2' });
    clock.advance(599_999);
    expect(work.isOpen()).toBe(true);
    work.answered('tools/call', { requestState: 's2' }, { content: [] });
    expect(work.isOpen()).toBe(false);
    work.answered('tools/call', {}, asked);
    clock.advance(600_000);
    expect(work.isOpen()).toBe(false);
  });

  it('while a question of the server is answered, also when that fails', async () => {
    const { work } = scene();
    let fail: ((error: Error) => void) | undefined;
    const question = work.during(
      () =>
        new Promise((_resolve, reject) => {
          fail = reject;
        }),
    );
    expect(work.isOpen()).toBe(true);
    fail?.(new Error('nobody'));
    await expect(question).rejects.toThrow('nobody');
    expect(work.isOpen()).toBe(false);
  });
});
