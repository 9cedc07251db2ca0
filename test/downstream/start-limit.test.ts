// Tests of src/downstream/start-limit.ts and shared-start.ts.
import { expect, it } from 'vitest';
import { SharedStart } from '../../src/downstream/shared-start.ts';
import { createStartLimit } from '../../src/downstream/start-limit.ts';
import { handClock } from './hand-clock.ts';

/** Starts that end when the test says so. */
function scene(most = 2) {
  const clock = handClock();
  const limit = createStartLimit(clock, { most });
  const begun: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  const never = new AbortController();
  const start = (name: string, signal: AbortSignal = never.signal): Promise<string> =>
    limit.run(async () => {
      begun.push(name);
      await new Promise<void>((resolve, reject) => {
        ends.set(name, (error) => (error ? reject(error) : resolve()));
      });
      return name;
    }, signal);
  return { clock, begun, start, end: (name: string, error?: Error) => ends.get(name)?.(error) };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

it('E43: lets so many start at once, and the others in their order, whether a start succeeds or fails', async () => {
  const { begun, start, end, clock } = scene();
  const all = Promise.allSettled(['a', 'b', 'c', 'd'].map((name) => start(name)));
  await settle();
  expect(begun).toEqual(['a', 'b']);
  end('b', new Error('broken'));
  await settle();
  expect(begun).toEqual(['a', 'b', 'c']);
  end('a');
  await settle();
  expect(begun).toEqual(['a', 'b', 'c', 'd']);
  end('c');
  end('d');
  expect((await all).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
  expect(clock.pending()).toBe(0);
});

it('is 4 unless it is said otherwise', async () => {
  let running = 0;
  let end: (() => void) | undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const limit = createStartLimit(handClock());
  const all = Array.from({ length: 9 }, () =>
    limit.run(async () => {
      running++;
      await ended;
    }, new AbortController().signal),
  );
  await settle();
  expect(running).toBe(4);
  end?.();
  await Promise.all(all);
  expect(running).toBe(9);
});

it('forgets who gives up before the turn, and gives that turn to the next', async () => {
  const { begun, start, end } = scene(1);
  const impatient = new AbortController();
  const first = start('a');
  const left = start('b', impatient.signal);
  const last = start('c');
  impatient.abort(new Error('no time'));
  await expect(left).rejects.toThrow('no time');
  await expect(start('d', impatient.signal)).rejects.toThrow('no time');
  end('a');
  await first;
  await settle();
  end('c');
  expect(await last).toBe('c');
  expect(begun).toEqual(['a', 'c']);
});

it('E37: a start that hangs keeps the others waiting for 10 s and no longer, and gives its place once', async () => {
  const { clock, begun, start, end } = scene(1);
  const hanging = start('hangs');
  const [b, c] = [start('b'), start('c')];
  await settle();
  clock.advance(9999);
  await settle();
  expect(begun).toEqual(['hangs']);
  clock.advance(1);
  await settle();
  expect(begun).toEqual(['hangs', 'b']);
  end('hangs');
  await hanging;
  await settle();
  expect(begun).toEqual(['hangs', 'b']);
  end('b');
  await b;
  await settle();
  end('c');
  await c;
});

it('a shared start that has not begun is given up with the last who waits for it', async () => {
  const callers = [new AbortController(), new AbortController()];
  let isAbandoned = false;
  const start = new SharedStart<void>(
    ({ abandoned }) =>
      new Promise((_resolve, reject) => {
        abandoned.addEventListener('abort', () => reject(abandoned.reason), { once: true });
      }),
    () => {
      isAbandoned = true;
    },
  );
  const waits = callers.map(({ signal }) => start.join(signal));
  callers[0]?.abort(new Error('one left'));
  await expect(waits[0]).rejects.toThrow('one left');
  expect(isAbandoned).toBe(false);
  callers[1]?.abort(new Error('two left'));
  await expect(waits[1]).rejects.toThrow('two left');
  expect(isAbandoned).toBe(true);
});

it('a shared start that has begun goes on, whoever leaves', async () => {
  let end: ((value: string) => void) | undefined;
  const start = new SharedStart<string>(
    ({ begin }) => {
      begin();
      return new Promise((resolve) => {
        end = resolve;
      });
    },
    () => expect.unreachable(),
  );
  await expect(start.join(AbortSignal.abort(new Error('left')))).rejects.toThrow('left');
  const late = start.join();
  end?.('up');
  expect(await late).toBe('up');
});
