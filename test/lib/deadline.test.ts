import { describe, expect, it } from 'vitest';
import { waitFor } from '../../src/lib/deadline.ts';

const never = new Promise<void>(() => undefined);

describe('waiting with a limit', () => {
  it('is true when the work is done, even with no time at all', async () => {
    expect(await waitFor(Promise.resolve(), 0)).toBe(true);
  });

  it('is false when the time is up', async () => {
    expect(await waitFor(never, 1)).toBe(false);
  });

  it('passes the failure of the work on', async () => {
    await expect(waitFor(Promise.reject(new Error('no')), 1000)).rejects.toThrow('no');
  });

  it('ends with the reason of the signal', async () => {
    const controller = new AbortController();
    const waiting = waitFor(never, 60_000, controller.signal);
    controller.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
  });
});
