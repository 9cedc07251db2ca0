import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFileLock, LockHeldError } from '../../src/lib/file-lock.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'portico-lock-'));
});
afterEach(() => rm(directory, { recursive: true }));

describe('a lock of a file', () => {
  it('lets one holder in at a time, and leaves nothing behind', async () => {
    const path = join(directory, 'login.json');
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
    };
    await Promise.all(Array.from({ length: 10 }, () => createFileLock().hold(path, work)));
    expect(most).toBe(1);
    expect(await readdir(directory)).toEqual([]);
  });

  it('is freed when the work fails', async () => {
    const lock = createFileLock();
    const path = join(directory, 'login.json');
    await expect(lock.hold(path, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await lock.hold(path, async () => 'in')).toBe('in');
  });

  it('is taken over from a holder that was killed', async () => {
    const path = join(directory, 'login.json');
    await mkdir(`${path}.lock`);
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(`${path}.lock`, longAgo, longAgo);
    expect(await createFileLock().hold(path, async () => 'in')).toBe('in');
  });

  describe('C25: that somebody else holds', () => {
    it.each([
      ['who left word', '{"pid":4711,"host":"box"}', { pid: 4711, host: 'box' }, 'process 4711 on box'],
      ['who left none', undefined, undefined, 'another process'],
      ['whose word cannot be read', '{"pid"', undefined, 'another process'],
    ])('%s: the wait shows it in the log, once, and in its error', async (_case, word, holder, who) => {
      const path = join(directory, 'login.json');
      await mkdir(`${path}.lock`);
      if (word !== undefined) await writeFile(`${path}.holder`, word);
      const told: unknown[] = [];
      const log = { info: (details: object) => void told.push(details) };
      const waiting = createFileLock({ log }, { noticeMs: 0 }).hold(path, async () => 'in', { limitMs: 60 });
      const error = await waiting.catch((failure: unknown) => failure);
      expect(error).toBeInstanceOf(LockHeldError);
      expect(error).toMatchObject({ message: expect.stringContaining(`${who} holds the lock of ${path}`) });
      expect(told).toEqual([{ path, holder }]);
    });

    it('for a moment only is not worth a word', async () => {
      const path = join(directory, 'login.json');
      const told: unknown[] = [];
      const lock = createFileLock({ log: { info: (details) => void told.push(details) } });
      await Promise.all([1, 2, 3].map(() => lock.hold(path, async () => undefined)));
      expect(told).toEqual([]);
    });

    it('is held by this process, as its file says', async () => {
      const path = join(directory, 'login.json');
      const seen = await createFileLock().hold(path, () => readFile(`${path}.holder`, 'utf8'));
      expect(JSON.parse(seen)).toEqual({ pid: process.pid, host: hostname() });
      expect(await readdir(directory)).toEqual([]);
    });
  });

  it('is waited for no longer than the caller wants', async () => {
    const lock = createFileLock();
    const path = join(directory, 'login.json');
    const controller = new AbortController();
    await lock.hold(path, async () => {
      const waiting = lock.hold(path, async () => 'in', { signal: controller.signal });
      controller.abort(new Error('gone'));
      await expect(waiting).rejects.toThrow();
    });
  });
});
