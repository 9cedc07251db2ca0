// Owns the log files of local servers, one for each: what they write to stderr, and when they came and went. Written in
// batches off the path of the calls; what cannot be written is lost, and nobody waits for it.
import { join } from 'node:path';
import { errorText } from '../errors.ts';
import { type Later, later as realLater } from '../lib/later.ts';
import type { LogPort } from '../lib/log-port.ts';
import { appendRotated } from '../lib/rotated-file.ts';
import { serverLogName } from './server-log-name.ts';
import { type Mask, StderrLines } from './stderr-lines.ts';

/** A line waits at most this long for others to be written with it. Milliseconds. */
const flushMs = 200;
/** Of one file: what waits beyond that, in characters, is left out. */
const maxWaiting = 256 * 1024;
const maxFileBytes = 1024 * 1024;

export interface ServerLogs {
  /** For one process of a server. `mask` hides what the server was given in confidence. */
  open(server: string, mask: Mask): ProcessLog;
  /** Resolves when what was written so far is in the files, or lost. */
  close(): Promise<void>;
}

export interface ProcessLog {
  started(pid: number): void;
  stderr(chunk: Buffer): void;
  /** Once, and only of what was started; `how`: "exited with code 1". */
  ended(how: string): void;
}

export interface ServerLogsDeps {
  readonly log: LogPort;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly platform: NodeJS.Platform;
  readonly later?: Later | undefined;
}

export interface ServerLogsSettings {
  readonly directory: string;
  readonly maxBytes?: number | undefined;
}

export function createServerLogs(deps: ServerLogsDeps, settings: ServerLogsSettings): ServerLogs {
  const { log, now } = deps;
  const files = new Map<string, LogFile>();
  let hasWarned = false;
  const onFailure = (path: string, error: unknown): void => {
    if (hasWarned) return;
    hasWarned = true;
    const reason = errorText(error);
    log.warn({ path, reason }, 'what servers write to stderr cannot be kept in files; everything else goes on');
  };
  const fileOf = (server: string): LogFile => {
    const found = files.get(server) ?? new LogFile(deps, settings, server, onFailure);
    files.set(server, found);
    return found;
  };
  return {
    open(server, mask) {
      const file = fileOf(server);
      let tag = '';
      const put = (text: string): void => file.add(`${new Date(now()).toISOString()}${tag} `, text, mask);
      const lines = new StderrLines(put);
      let isRunning = false;
      return {
        started(pid) {
          isRunning = true;
          tag = ` [${pid}]`;
          put('--- started');
        },
        stderr: (chunk) => lines.push(chunk),
        ended(how) {
          if (!isRunning) return;
          isRunning = false;
          lines.end();
          put(`--- ${how}`);
        },
      };
    },
    async close() {
      await Promise.all([...files.values()].map((file) => file.close()));
    },
  };
}

interface Waiting {
  readonly prefix: string;
  readonly text: string;
  readonly mask: Mask;
}

class LogFile {
  readonly #later: Later;
  readonly #file: Parameters<typeof appendRotated>[0];
  readonly #onFailure: (path: string, error: unknown) => void;
  #waiting: Waiting[] = [];
  #size = 0;
  #leftOut = 0;
  #cancel: (() => void) | undefined;
  #writing: Promise<void> | undefined;

  constructor(
    { later = realLater, platform }: ServerLogsDeps,
    { directory, maxBytes = maxFileBytes }: ServerLogsSettings,
    server: string,
    onFailure: (path: string, error: unknown) => void,
  ) {
    this.#later = later;
    this.#file = { path: join(directory, serverLogName(server)), maxBytes, platform };
    this.#onFailure = onFailure;
  }

  add(prefix: string, text: string, mask: Mask): void {
    if (this.#size > maxWaiting) {
      this.#leftOut++;
      return;
    }
    this.#size += text.length + prefix.length;
    this.#waiting.push({ prefix, text, mask });
    this.#schedule();
  }

  async close(): Promise<void> {
    await this.#writing;
    this.#cancel?.();
    await this.#flush();
  }

  #schedule(): void {
    if (this.#writing !== undefined) return;
    this.#cancel ??= this.#later(() => void this.#flush(), flushMs);
  }

  /** One batch at a time, so that lines stay in order, and what waits for a slow disk stays bounded. Never rejects. */
  #flush(): Promise<void> {
    this.#cancel = undefined;
    if (this.#waiting.length === 0) return Promise.resolve();
    const lines = this.#waiting.map(({ prefix, text, mask }) => `${prefix}${mask(text)}\n`);
    if (this.#leftOut > 0) lines.push(`--- ${this.#leftOut} lines were left out here\n`);
    this.#waiting = [];
    this.#size = 0;
    this.#leftOut = 0;
    this.#writing = appendRotated(this.#file, lines.join(''))
      .catch((error: unknown) => this.#onFailure(this.#file.path, error))
      .finally(() => {
        this.#writing = undefined;
        if (this.#waiting.length > 0) this.#schedule();
      });
    return this.#writing;
  }
}
