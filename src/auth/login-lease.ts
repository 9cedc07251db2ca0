// Owns "one open login per key over all processes on the token directory": a file with the login's URL and a heartbeat.
// No lock is held while a human thinks. Knows nothing of OAuth.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { errorText } from '../errors.ts';
import type { FileLock } from '../lib/file-lock.ts';
import { removeIfPresent, writePrivateJson } from '../lib/json-file.ts';
import type { LogPort } from '../lib/log-port.ts';
import { isKnownGone, ownMark } from '../lib/process-mark.ts';
import type { LeaseRecord } from './lease-file.ts';
import { leaseToFile, readLease } from './lease-file.ts';

/** A holder renews its lease this often; one that was not renewed for `staleMs` belongs to a process that is gone. */
const heartbeatMs = 4000;
const staleMs = 15_000;

export type LeaseUpdate = Partial<
  Pick<LeaseRecord, 'loginUrl' | 'userCode' | 'callbackUrl' | 'unprovenClientId' | 'expiresAt'>
>;

export interface LoginLease {
  readonly owner: string;
  /** Aborted when another process took the lease over. */
  readonly lost: AbortSignal;
  publish(update: LeaseUpdate): Promise<void>;
  /** The login finished: nothing is left behind. */
  finish(): Promise<void>;
  /** The login failed: those who joined it read why. */
  fail(error: LoginEnd, clientIsKnown: boolean): Promise<void>;
  /** The login ends without a verdict: those who joined it begin anew. */
  abandon(reason: LoginEnd): Promise<void>;
}

interface LoginEnd {
  readonly message: string;
  readonly hint?: string | undefined;
}

export type Claim =
  | { readonly kind: 'held'; readonly lease: LoginLease; readonly before: LeaseRecord | undefined }
  | { readonly kind: 'taken'; readonly by: LeaseRecord };

export interface LoginLeases {
  /** Takes the lease, unless another process holds a fresh one and `takeOver` is not set. */
  claim(key: string, settings: { expiresAt: number; takeOver?: boolean }): Promise<Claim>;
  /** What lies there, stale or not. */
  read(key: string): Promise<LeaseRecord | undefined>;
  isFresh(record: LeaseRecord): boolean;
  /** Whether the human's time is over. */
  isOver(record: LeaseRecord): boolean;
  /** Whether the caller is the one to open the browser for this login: over all processes, the first who asks is. */
  claimWindow(key: string, owner: string): Promise<boolean>;
  /** No window came of it: the next one who asks may try. */
  releaseWindow(key: string, owner: string): Promise<void>;
  remove(key: string): Promise<void>;
}

interface LeaseDeps {
  readonly lock: FileLock;
  readonly now: () => number;
  readonly log: LogPort;
}

export function createLoginLeases(deps: LeaseDeps, { directory }: { directory: string }): LoginLeases {
  const pathOf = (key: string): string => join(directory, `${key}.login.json`);
  const isOver = ({ expiresAt }: LeaseRecord): boolean => deps.now() >= expiresAt;
  const isFresh = (record: LeaseRecord): boolean =>
    record.state === 'open' && deps.now() - record.heartbeatAt < staleMs && !isOver(record) && !isKnownGone(record);

  /** Marks the window as opened or not; whether that changed anything. */
  const markWindow = async (key: string, owner: string, browserOpened: boolean): Promise<boolean> => {
    const path = pathOf(key);
    try {
      return await deps.lock.hold(path, async () => {
        const there = await readLease(path);
        if (there?.owner !== owner || there.browserOpened === browserOpened) return false;
        await writePrivateJson(path, leaseToFile({ ...there, browserOpened }));
        return true;
      });
    } catch (error) {
      // A login that could not be shared has nobody to share the window with.
      if (!isNotWritable(error)) throw error;
      return true;
    }
  };

  return {
    isFresh,
    isOver,
    claimWindow: (key, owner) => markWindow(key, owner, true),
    async releaseWindow(key, owner) {
      await markWindow(key, owner, false);
    },
    read: (key) => readLease(pathOf(key)),
    remove: (key) => removeIfPresent(pathOf(key)),
    async claim(key, { expiresAt, takeOver = false }) {
      const path = pathOf(key);
      const now = deps.now();
      const mine: LeaseRecord = {
        owner: randomUUID(),
        ...ownMark,
        browserOpened: false,
        startedAt: now,
        heartbeatAt: now,
        expiresAt,
        state: 'open',
      };
      try {
        return await deps.lock.hold(path, async () => {
          const before = await readLease(path);
          if (before && isFresh(before) && !takeOver) return { kind: 'taken', by: before };
          const unproven = before?.unprovenClientId;
          const first = unproven === undefined ? mine : { ...mine, unprovenClientId: unproven };
          await writePrivateJson(path, leaseToFile(first));
          return { kind: 'held', lease: holdLease(deps, path, first), before };
        });
      } catch (error) {
        // A directory that cannot be written (a read-only image) must not forbid the login; it is only not shared.
        if (!isNotWritable(error)) throw error;
        deps.log.warn({ directory, error: errorText(error) }, 'the token directory is not writable: login not shared');
        return { kind: 'held', lease: unsharedLease(mine.owner), before: undefined };
      }
    },
  };
}

function holdLease(deps: LeaseDeps, path: string, first: LeaseRecord): LoginLease {
  const lost = new AbortController();
  let record = first;
  let ended = false;
  let writing: Promise<void> = Promise.resolve();

  /** One write after the other, each under the lock: a lease that was taken over is seen and never written over. */
  const write = (next: LeaseRecord | undefined): Promise<void> => {
    writing = writing.then(async () => {
      try {
        await deps.lock.hold(path, async () => {
          const there = await readLease(path);
          if (there?.owner !== first.owner) lost.abort();
          else if (next) await writePrivateJson(path, leaseToFile({ ...next, browserOpened: there.browserOpened }));
          else await removeIfPresent(path);
        });
      } catch (error) {
        deps.log.warn({ path, error: errorText(error) }, 'the mark of an open login could not be written');
      }
    });
    return writing;
  };
  const update = (change: LeaseUpdate): Promise<void> => {
    if (ended) return writing;
    record = { ...record, ...change, heartbeatAt: deps.now() };
    return write(record);
  };
  const end = (last: LeaseRecord | undefined): Promise<void> => {
    if (ended) return writing;
    ended = true;
    clearInterval(beat);
    return write(last);
  };
  const leave = (state: 'failed' | 'abandoned', { message, hint }: LoginEnd, clientIsKnown: boolean): Promise<void> => {
    const { unprovenClientId, ...rest } = record;
    const error = hint === undefined ? { message } : { message, hint };
    const mark = clientIsKnown || unprovenClientId === undefined ? {} : { unprovenClientId };
    return end({ ...rest, ...mark, state, error });
  };
  const beat = setInterval(() => void update({}), heartbeatMs);
  beat.unref();

  return {
    owner: first.owner,
    lost: lost.signal,
    publish: update,
    finish: () => end(undefined),
    fail: (error, clientIsKnown) => leave('failed', error, clientIsKnown),
    abandon: (reason) => leave('abandoned', reason, false),
  };
}

function unsharedLease(owner: string): LoginLease {
  return {
    owner,
    lost: new AbortController().signal,
    publish: async () => undefined,
    finish: async () => undefined,
    fail: async () => undefined,
    abandon: async () => undefined,
  };
}

function isNotWritable(error: unknown): boolean {
  const codes: readonly unknown[] = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'ENOSPC'];
  return error instanceof Error && 'code' in error && codes.includes(error.code);
}
