import { describe, expect, it } from 'vitest';
import { lazy } from '../../src/lib/lazy.ts';
import { SingleFlight } from '../../src/lib/single-flight.ts';

describe('single flight', () => {
  it('does the same work at the same time once, and other work beside it', async () => {
    const flights = new SingleFlight<number>();
    let runs = 0;
    const work = async (): Promise<number> => ++runs;
    expect(await Promise.all([flights.run('a', work), flights.run('a', work), flights.run('b', work)])).toEqual([
      1, 1, 2,
    ]);
    expect(await flights.run('a', work)).toBe(3);
  });

  it('gives a failure to everyone who waited, and keeps nothing of it', async () => {
    const flights = new SingleFlight<number>();
    const failing = () => Promise.reject(new Error('no'));
    const both = await Promise.allSettled([flights.run('a', failing), flights.run('a', failing)]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await flights.run('a', async () => 1)).toBe(1);
  });
});

describe('lazy values', () => {
  it('are made once, when first needed', async () => {
    let made = 0;
    const value = lazy(async () => ++made);
    expect(value.made()).toBeUndefined();
    expect(await Promise.all([value.get(), value.get()])).toEqual([1, 1]);
  });

  it('are tried anew after a failure', async () => {
    let tries = 0;
    const value = lazy(async () => {
      tries += 1;
      if (tries === 1) throw new Error('no');
      return tries;
    });
    await expect(value.get()).rejects.toThrow('no');
    expect(await value.get()).toBe(2);
  });
});
