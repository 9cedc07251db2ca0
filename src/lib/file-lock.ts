// Owns a lock between processes with a heartbeat; knows nothing of what it guards.

import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lock } from 'proper-lockfile';
import { ensurePrivateDirectory } from './json-file.ts';

/** A holder renews its mark this often; a mark older than `staleMs` is taken over. Milliseconds. */
const heartbeatMs = 4000;
const staleMs = 15_000;
const retryMs = 25;

export interface FileLock {
  /**
   * Runs `work` while no other process (and no other caller here) holds the lock of `path`. The file itself need not
   * exist. A holder that was killed is replaced after 15 s.
   */
  hold<T>(path: string, work: () => Promise<T>, options?: { signal?: AbortSignal | undefined }): Promise<T>;
}

export function createFileLock(): FileLock {
  return {
    async hold(path, work, { signal } = {}) {
      await ensurePrivateDirectory(dirname(path));
      const release = await acquire(path, signal);
      try {
        return await work();
      } finally {
        await releaseIfHeld(release);
      }
    },
  };
}

/** A lock that was taken over (this process stood still for 15 s) is gone: what `work` brought is not thrown away for it. */
async function releaseIfHeld(release: () => Promise<void>): Promise<void> {
  try {
    await release();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ERELEASED' && code !== 'ENOTACQUIRED') throw error;
  }
}

async function acquire(path: string, signal: AbortSignal | undefined): Promise<() => Promise<void>> {
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await lock(path, {
        realpath: false,
        stale: staleMs,
        update: heartbeatMs,
        onCompromised: () => undefined,
      });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ELOCKED')) throw error;
      await sleep(retryMs + Math.random() * retryMs, undefined, signal ? { signal } : {});
    }
  }
}
