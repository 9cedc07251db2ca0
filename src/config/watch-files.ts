// Owns noticing that one of a few files is not what it was, on every kind of file system. Knows nothing of what stands in
// them. What counts is what `stat` says of each file; events of the system only say when it is worth asking. So it does
// not matter how an editor writes, whether a link was swapped, or whether a mount passes events on: the next round of
// polling sees what no event told of.
import { type FSWatcher, watch } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Later } from '../lib/later.ts';
import type { LogPort } from '../lib/log-port.ts';

/** `auto`: events, and a slow round of polling; `poll`: a faster round alone. */
export type WatchMode = 'auto' | 'poll';

export interface FileWatch {
  /** Other files are watched from now on. */
  use(paths: readonly string[]): void;
  /** Resolves when the last look is over; nothing is told any more. */
  close(): Promise<void>;
}

export interface WatchFilesDeps {
  readonly log: LogPort;
  /** A file is there, gone, or another, and has been left alone for a moment; also when the watch has begun. */
  readonly onChanged: () => void;
  /** Runs `work` after a time, unless it is called off. */
  readonly later?: Later | undefined;
}

/** Milliseconds. */
const pollMs = { auto: 5000, poll: 1000 } as const;
/** A file that is the same twice, so far apart, has been written. Milliseconds. */
const settleMs = 60;
/** One that never comes to rest is looked at all the same. */
const mostLooks = 20;

interface WatchedDirectory {
  readonly watcher: FSWatcher;
  /** The directory behind the name may become another. */
  readonly identity: string;
}

export function watchFiles(deps: WatchFilesDeps, mode: WatchMode, paths: readonly string[]): FileWatch {
  return new StatWatch(deps, mode, paths);
}

class StatWatch implements FileWatch {
  readonly #deps: WatchFilesDeps;
  readonly #later: Later;
  readonly #mode: WatchMode;
  readonly #directories = new Map<string, WatchedDirectory>();
  #paths: readonly string[];
  /** What the files looked like when `onChanged` was last told; undefined: nobody has looked. */
  #known: string | undefined;
  #callOff: () => void = () => undefined;
  #endPause: () => void = () => undefined;
  #isSoon = false;
  #looking: Promise<void>;
  #closed = false;

  constructor(deps: WatchFilesDeps, mode: WatchMode, paths: readonly string[]) {
    this.#deps = deps;
    this.#later = deps.later ?? afterTime;
    this.#mode = mode;
    this.#paths = paths;
    this.#looking = this.#begin();
  }

  use(paths: readonly string[]): void {
    if (this.#closed || isSameList(paths, this.#paths)) return;
    this.#paths = paths;
    this.#looking = this.#looking.then(() => this.#begin());
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#callOff();
    this.#endPause();
    for (const path of [...this.#directories.keys()]) this.#release(path);
    await this.#looking;
  }

  /** Whoever asks for a watch has read the files before, and does not know what happened since. */
  async #begin(): Promise<void> {
    await this.#watchDirectories();
    this.#known = await this.#look();
    if (this.#closed) return;
    this.#deps.onChanged();
    if (!this.#isSoon) this.#schedule(pollMs[this.#mode]);
  }

  #schedule(afterMs: number): void {
    this.#callOff();
    if (this.#closed) return;
    this.#callOff = this.#later(() => {
      this.#isSoon = false;
      this.#looking = this.#looking.then(() => this.#round());
    }, afterMs);
  }

  /** Something happened in a directory: most of the time it was something else. */
  #hint(): void {
    if (this.#isSoon || this.#closed) return;
    this.#isSoon = true;
    this.#schedule(settleMs);
  }

  async #round(): Promise<void> {
    if (this.#closed) return;
    // Swapped links lead to other directories, and a directory may be another one under the same name.
    await this.#watchDirectories();
    let now = await this.#look();
    for (let looks = 1; now !== this.#known && looks < mostLooks && !this.#closed; looks++) {
      const before = now;
      await this.#pause();
      now = await this.#look();
      if (now === before) break;
    }
    const isNews = now !== this.#known;
    this.#known = now;
    if (isNews && !this.#closed) this.#deps.onChanged();
    if (!this.#isSoon) this.#schedule(pollMs[this.#mode]);
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const callOff = this.#later(resolve, settleMs);
      this.#endPause = () => {
        callOff();
        resolve();
      };
    });
  }

  async #look(): Promise<string> {
    return (await Promise.all(this.#paths.map(identityOf))).join('\n');
  }

  async #watchDirectories(): Promise<void> {
    if (this.#mode === 'poll') return;
    const wanted = await directoriesOf(this.#paths);
    for (const path of [...this.#directories.keys()]) if (!wanted.has(path)) this.#release(path);
    for (const [path, identity] of wanted) {
      if (this.#directories.get(path)?.identity === identity) continue;
      this.#release(path);
      if (!this.#closed) this.#watchDirectory(path, identity);
    }
  }

  #watchDirectory(path: string, identity: string): void {
    try {
      const watcher = watch(path, { persistent: false }, () => this.#hint());
      watcher.on('error', (err) => {
        this.#deps.log.debug({ path, err }, 'the directory is no longer watched, until it is looked at again');
        this.#release(path);
        this.#hint();
      });
      this.#directories.set(path, { watcher, identity });
    } catch (err) {
      // Out of handles, or a file system without events: polling goes on.
      this.#deps.log.debug({ path, err }, 'the directory cannot be watched');
    }
  }

  #release(path: string): void {
    this.#directories.get(path)?.watcher.close();
    this.#directories.delete(path);
  }
}

/** Those of the files, and of what they are links to, with what they look like; those that are there. */
async function directoriesOf(paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const real = await Promise.all(paths.map((path) => realpath(path).catch(() => path)));
  const directories = [...new Set([...paths, ...real].map((path) => dirname(path)))];
  const found = await Promise.all(directories.map(async (path) => [path, await directoryIdentity(path)] as const));
  return new Map(found.flatMap(([path, identity]) => (identity === undefined ? [] : [[path, identity]])));
}

async function directoryIdentity(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(path);
    return `${dev}:${ino}`;
  } catch {
    // It may come later.
    return undefined;
  }
}

/** What tells one content of a file from another; links are followed. */
async function identityOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeMs, ctimeMs } = await stat(path);
    return [dev, ino, size, mtimeMs, ctimeMs].join(':');
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  }
}

function isSameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((path, at) => path === other[at]);
}

function afterTime(work: () => void, afterMs: number): () => void {
  const timer = setTimeout(work, afterMs);
  timer.unref();
  return () => clearTimeout(timer);
}
