// Owns a lock between processes with a heartbeat, and who holds it; knows nothing of what it guards.

import { readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lock } from 'proper-lockfile';
import { ensurePrivateDirectory, removeIfPresent } from './json-file.ts';
import type { LogPort } from './log-port.ts';
import { ownMark } from './process-mark.ts';

/** A holder renews its mark this often; a mark older than `staleMs` is taken over. Milliseconds. */
const heartbeatMs = 4000;
const staleMs = 15_000;
const retryMs = 25;
/** Who waits longer than this is told whom for. Milliseconds. */
const noticeMs = 2000;

export interface LockOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long to wait for it, in milliseconds; absent: as long as it takes. */
  readonly limitMs?: number | undefined;
}

export interface FileLock {
  /**
   * Runs `work` while no other process (and no other caller here) holds the lock of `path`. The file itself need not
   * exist. A holder that was killed is replaced after 15 s.
   * @throws LockHeldError somebody else held it longer than `limitMs`
   */
  hold<T>(path: string, work: () => Promise<T>, options?: LockOptions): Promise<T>;
}

interface LockHolder {
  readonly pid: number;
  readonly host: string;
}

/** The wait for a lock was too long. */
export class LockHeldError extends Error {
  constructor(path: string, { holder, waitedMs }: { holder: LockHolder | undefined; waitedMs: number }) {
    const who = holder ? `process ${holder.pid} on ${holder.host}` : 'another process';
    super(`${who} holds the lock of ${path}, and did not give it back within ${Math.round(waitedMs / 1000)} s`);
    this.name = 'LockHeldError';
  }
}

export interface FileLockDeps {
  /** Hears once of every wait that is longer than a moment, and for whom. */
  readonly log?: Pick<LogPort, 'info'> | undefined;
}

export function createFileLock({ log }: FileLockDeps = {}, settings: { readonly noticeMs?: number } = {}): FileLock {
  return {
    async hold(path, work, options = {}) {
      await ensurePrivateDirectory(dirname(path));
      const held = await acquire(path, options, async (waitedMs) => {
        if (waitedMs < (settings.noticeMs ?? noticeMs)) return false;
        log?.info({ path, holder: await readHolder(path) }, 'waiting for a lock that somebody else holds');
        return true;
      });
      // Beside the lock and not in it: what is in its directory would keep others from removing it.
      await tryTo(() => writeFile(holderFile(path), JSON.stringify(ownHolder), { mode: 0o600 }));
      try {
        return await work();
      } finally {
        if (!held.isLost()) await tryTo(() => removeIfPresent(holderFile(path)));
        await releaseIfHeld(held.release);
      }
    },
  };
}

const holderFile = (path: string): string => `${path}.holder`;
const ownHolder: LockHolder = { pid: ownMark.pid, host: ownMark.host };

/** Whoever holds it, or held it last and was killed. Undefined: nobody left word. */
async function readHolder(path: string): Promise<LockHolder | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(holderFile(path), 'utf8'));
    if (typeof value !== 'object' || value === null || !('pid' in value && 'host' in value)) return undefined;
    return { pid: Number(value.pid), host: String(value.host) };
  } catch {
    // It is only told: without it the wait is the same.
    return undefined;
  }
}

/** Word of who holds a lock is a help, and no reason to fail. */
async function tryTo(work: () => Promise<unknown>): Promise<void> {
  await work().catch(() => undefined);
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

interface Held {
  readonly release: () => Promise<void>;
  readonly isLost: () => boolean;
}

/** `notice` is asked after each attempt in vain until it says that it was heard. */
async function acquire(
  path: string,
  { signal, limitMs = Number.POSITIVE_INFINITY }: LockOptions,
  notice: (waitedMs: number) => Promise<boolean>,
): Promise<Held> {
  const startedAt = performance.now();
  let noticed = false;
  let isLost = false;
  for (;;) {
    signal?.throwIfAborted();
    try {
      const release = await lock(path, {
        realpath: false,
        stale: staleMs,
        update: heartbeatMs,
        onCompromised: () => {
          isLost = true;
        },
      });
      return { release, isLost: () => isLost };
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ELOCKED')) throw error;
      const waitedMs = performance.now() - startedAt;
      if (!noticed) noticed = await notice(waitedMs);
      if (waitedMs >= limitMs) throw new LockHeldError(path, { holder: await readHolder(path), waitedMs });
      await sleep(retryMs + Math.random() * retryMs, undefined, signal ? { signal } : {});
    }
  }
}
