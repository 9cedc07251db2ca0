// Tests of src/downstream/restarts.ts.
import { describe, expect, it } from 'vitest';
import { judgeWait, Restarts, tooEarly } from '../../src/downstream/restarts.ts';
import { GatewayError } from '../../src/errors.ts';
import { handClock } from './hand-clock.ts';

function scene(random = 0) {
  const clock = handClock();
  const restarted: number[] = [];
  const restarts = new Restarts({
    now: clock.now,
    later: clock.later,
    random: () => random,
    restart: () => void restarted.push(clock.now()),
  });
  return { clock, restarted, restarts };
}

/** It fails `times` times in a row, each time when it was just started again. The pauses, in milliseconds. */
function pauses({ clock, restarted, restarts }: ReturnType<typeof scene>, times: number): number[] {
  return Array.from({ length: times }, () => {
    const failedAt = clock.now();
    restarts.failed();
    clock.advance(80_000);
    return (restarted.at(-1) ?? Number.NaN) - failedAt;
  });
}

describe('a server that had been up', () => {
  it.each([
    [0, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]],
    [1, [1250, 2500, 5000, 10_000, 20_000, 40_000, 75_000, 75_000]],
  ])('is started again after pauses that grow to a minute (chance %d)', (random, expected) => {
    const it = scene(random);
    it.restarts.ready();
    expect(pauses(it, expected.length)).toEqual(expected);
    expect(it.restarted).toHaveLength(expected.length);
  });

  it.each([
    ['after 60 s of health begins with the first pause', 60_000, 1000],
    ['after less goes on where it was', 59_999, 8000],
  ])('%s', (_title, healthyMs, pauseMs) => {
    const it = scene();
    it.restarts.ready();
    pauses(it, 3);
    it.restarts.ready();
    it.clock.advance(healthyMs);
    expect(pauses(it, 1)).toEqual([pauseMs]);
  });

  it('and was ended because nobody used it has no failures behind it, however short it was up', () => {
    const { clock, restarts, restarted } = scene();
    restarts.ready();
    restarts.failed();
    restarts.ready();
    clock.advance(2000);
    restarts.stopped();
    expect(restarts.failures.count).toBe(0);
    clock.advance(3_600_000);
    expect(restarted).toEqual([]);
  });

  it('is not started again where the gateway ends', () => {
    const { clock, restarts, restarted } = scene();
    restarts.ready();
    restarts.failed();
    restarts.close();
    clock.advance(60_000);
    expect(restarted).toEqual([]);
    expect(clock.pending()).toBe(0);
  });
});

it('a server that never came up is left to the calls, which keep to the same pauses', () => {
  const { clock, restarts, restarted } = scene();
  restarts.failed();
  expect(restarts.nextTryAt).toBeUndefined();
  restarts.failed();
  expect(restarts.nextTryAt).toBe(clock.now() + 2000);
  clock.advance(3_600_000);
  expect(restarted).toEqual([]);
});

it.each([
  ['nothing failed', { count: 0, nextTryAt: 0 }, 0],
  ['one failure may have been an accident', { count: 1, nextTryAt: 101_000 }, 0],
  ['it is time', { count: 7, nextTryAt: 100_000 }, 0],
  ['the start is near', { count: 3, nextTryAt: 105_000 }, 5000],
  ['the start is far', { count: 4, nextTryAt: 105_001 }, undefined],
])('a call: %s', (_title, failures, expected) => {
  expect(judgeWait(failures, 100_000)).toBe(expected);
});

it('E42: what is refused for a while says why it failed last, and when to come back', () => {
  const last = new GatewayError('TIMEOUT', "server 'one' ended the connection: it exited with code 7", {
    server: 'one',
  });
  expect(tooEarly({ name: 'one' }, { count: 4, nextTryAt: 107_200 }, last, 100_000)).toMatchObject({
    code: 'SERVER_UNAVAILABLE',
    server: 'one',
    message: expect.stringMatching(/4 times.* 8 s.*exited with code 7/),
    hint: expect.stringContaining('8 s'),
    cause: last,
  });
});
