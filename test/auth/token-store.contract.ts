// Owns what every token store must do; each implementation runs it in its own test file.
import { describe, expect, it } from 'vitest';
import type { LoginRecord, TokenStore } from '../../src/auth/token-store.ts';
import { sampleRecord } from './samples.ts';

/** `open` gives a new handle on one and the same store, as another process would have it. */
export function describeTokenStore(
  name: string,
  open: () => { readonly store: TokenStore; readonly other: TokenStore },
): void {
  describe(`${name} as a token store`, () => {
    it('gives back what was written, to every handle, and nothing for other keys', async () => {
      const { store, other } = open();
      await store.write('k1', sampleRecord());
      expect(await other.read('k1')).toEqual(sampleRecord());
      expect(await other.read('k2')).toBeUndefined();
    });

    it('keeps nothing after a delete, and does not mind a second one', async () => {
      const { store, other } = open();
      await store.write('k1', sampleRecord());
      await other.delete('k1');
      await other.delete('k1');
      expect(await store.read('k1')).toBeUndefined();
    });

    it('keeps a registration without tokens', async () => {
      const { store } = open();
      const { tokens: _tokens, ...registration } = sampleRecord();
      await store.write('k1', registration);
      expect(await store.read('k1')).toEqual(registration);
    });

    it('keeps the members and the version that a newer version wrote', async () => {
      const { store, other } = open();
      const newer = { ...sampleRecord({ version: 7 }), future_member: { kept: true } };
      await store.write('k1', newer);
      // A refresh writes what it read; a new login builds its record from nothing.
      const read = (await other.read('k1')) as LoginRecord;
      await other.write('k1', { ...read, account: 'a@example.com' });
      await other.write('k1', sampleRecord({ account: 'b@example.com' }));
      expect(await store.read('k1')).toEqual({ ...newer, account: 'b@example.com' });
    });

    it('does not bring back a known member that was left out', async () => {
      const { store } = open();
      await store.write('k1', sampleRecord({ account: 'a@example.com' }));
      await store.write('k1', sampleRecord());
      expect(await store.read('k1')).not.toHaveProperty('account');
    });

    it('gives every reader a copy of its own', async () => {
      const { store } = open();
      const record = sampleRecord() as { -readonly [K in keyof LoginRecord]: LoginRecord[K] };
      await store.write('k1', record);
      record.issuer = 'https://changed.example';
      ((await store.read('k1')) as typeof record).issuer = 'https://changed.example';
      expect((await store.read('k1'))?.issuer).toBe('https://as.example');
    });

    it('lets one holder of a lock in at a time, over all handles', async () => {
      const { store, other } = open();
      let inside = 0;
      let most = 0;
      const order: number[] = [];
      const work = (id: number) => async () => {
        inside++;
        most = Math.max(most, inside);
        await new Promise((resolve) => setImmediate(resolve));
        order.push(id);
        inside--;
        return id;
      };
      const holders = [0, 1, 2, 3, 4, 5].map((id) => (id % 2 ? store : other).withLock('k1', work(id)));
      expect(await Promise.all(holders)).toEqual([0, 1, 2, 3, 4, 5]);
      expect(most).toBe(1);
      expect(order.toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
    });

    it('does not let the lock of one key keep another waiting', async () => {
      const { store, other } = open();
      const answer = await store.withLock('k1', () => other.withLock('k2', async () => 'both'));
      expect(answer).toBe('both');
    });

    it('gives a lock back when the work fails, with its failure', async () => {
      const { store, other } = open();
      const failure = new Error('work');
      await expect(store.withLock('k1', () => Promise.reject(failure))).rejects.toBe(failure);
      expect(await other.withLock('k1', async () => 'next')).toBe('next');
    });

    it('ends the waiting for a lock with the reason of the signal', async () => {
      const { store, other } = open();
      const controller = new AbortController();
      const inside = signal();
      const leave = signal();
      const held = store.withLock('k1', async () => {
        inside.give();
        await leave.given;
      });
      await inside.given;
      let ran = false;
      const work = async () => {
        ran = true;
      };
      const waiting = expect(other.withLock('k1', work, { signal: controller.signal })).rejects.toThrow();
      controller.abort(new Error('gone'));
      leave.give();
      await held;
      await waiting;
      expect(ran).toBe(false);
    });
  });
}

function signal(): { readonly given: Promise<void>; readonly give: () => void } {
  let give: () => void = () => undefined;
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give };
}
