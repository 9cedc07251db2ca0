import { mkdir, mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFileLock } from '../../src/lib/file-lock.ts';

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
