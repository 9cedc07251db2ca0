// The clocks of a request: src/wire/pending-request.ts, pauses.ts.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Pauses } from '../../src/wire/pauses.ts';
import { PendingRequest, type RequestOptions } from '../../src/wire/pending-request.ts';
import { RequestTimeoutError } from '../../src/wire/rpc-error.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** What it was given up with; undefined: it still waits. */
function begin(options: RequestOptions) {
  let failure: unknown;
  const pending: PendingRequest = new PendingRequest(options, (error) => pending.reject(error));
  pending.answer.catch((error: unknown) => {
    failure = error;
  });
  const later = async (ms: number): Promise<unknown> => {
    await vi.advanceTimersByTimeAsync(ms);
    return failure;
  };
  return { pending, later };
}

const idle = (ms: number) => new RequestTimeoutError(ms);
const total = (ms: number) => new RequestTimeoutError(ms, 'total');

describe('a request that waits', () => {
  it('is given up when its time is over', async () => {
    const { later } = begin({ timeoutMs: 100 });
    expect(await later(99)).toBeUndefined();
    expect(await later(1)).toEqual(idle(100));
  });

  it('D30: gets new time with each progress, up to the absolute limit', async () => {
    const { pending, later } = begin({ timeoutMs: 100, totalMs: 250 });
    for (let n = 0; n < 3; n++) {
      expect(await later(80)).toBeUndefined();
      pending.progress({ progress: n });
    }
    expect(await later(9)).toBeUndefined();
    expect(await later(1)).toEqual(total(250));
  });

  it('does not lose time while an answer of ours is waited for, and gets all of it afterwards', async () => {
    const pauses = new Pauses();
    const { later } = begin({ timeoutMs: 100, pauses });
    let answer: (value: string) => void = () => undefined;
    const asked = pauses.during(
      () =>
        new Promise<string>((resolve) => {
          answer = resolve;
        }),
    );
    expect(await later(1000)).toBeUndefined();
    answer('done');
    expect(await asked).toBe('done');
    expect(await later(99)).toBeUndefined();
    expect(await later(1)).toEqual(idle(100));
  });

  it('counts two questions as one pause', async () => {
    const pauses = new Pauses();
    const { later } = begin({ timeoutMs: 100, pauses });
    const answers: (() => void)[] = [];
    const ask = () => pauses.during(() => new Promise<void>((resolve) => void answers.push(resolve)));
    const [first, second] = [ask(), ask()];
    answers[0]?.();
    await first;
    expect(await later(500)).toBeUndefined();
    answers[1]?.();
    await second;
    expect(await later(100)).toEqual(idle(100));
  });

  it('ends at the absolute limit in a pause too', async () => {
    const pauses = new Pauses();
    const { later } = begin({ timeoutMs: 100, totalMs: 250, pauses });
    void pauses.during(() => new Promise(() => undefined));
    expect(await later(249)).toBeUndefined();
    expect(await later(1)).toEqual(total(250));
  });

  it('leaves nothing behind when it is answered', async () => {
    const pauses = new Pauses();
    const { pending } = begin({ timeoutMs: 100, totalMs: 250, pauses });
    pending.resolve({ result: 1, size: undefined });
    expect(await pending.answer).toEqual({ result: 1, size: undefined });
    expect([vi.getTimerCount(), pauses.onEnd]).toEqual([0, undefined]);
  });
});
