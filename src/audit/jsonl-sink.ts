// Owns the audit file: JSON lines, appended in batches off the path of the calls; knows nothing of what a record means.
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorText } from '../errors.ts';
import type { LogPort } from '../lib/log-port.ts';
import { type AuditEntry, auditLine } from './record.ts';
import type { AuditSink } from './sink.ts';

/** A record waits at most this long for others to be written with it. */
const flushMs = 200;
/** So many waiting records are written at once. */
const batchSize = 512;
/** Kept while the file cannot be written; beyond it the oldest are lost. */
const maxWaiting = 10_000;

interface Settings {
  readonly path: string;
  readonly log: LogPort;
}

export function createJsonlSink(settings: Settings): AuditSink {
  return new JsonlSink(settings);
}

class JsonlSink implements AuditSink {
  readonly #path: string;
  readonly #log: LogPort;
  #waiting: (AuditEntry | string)[] = [];
  /** The rest of a batch whose writing broke off in the middle. */
  #rest: Buffer = Buffer.alloc(0);
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> | undefined;
  #failing = false;
  #lost = 0;
  #closed = false;

  constructor({ path, log }: Settings) {
    this.#path = path;
    this.#log = log;
  }

  write(entry: AuditEntry): void {
    if (this.#closed) return;
    // What may wait for long is made small: an entry holds on to the arguments of its call.
    this.#waiting.push(this.#failing ? auditLine(entry) : entry);
    if (this.#waiting.length > maxWaiting) {
      this.#waiting.shift();
      this.#lost++;
    }
    if (this.#waiting.length >= batchSize && !this.#failing) void this.#flush();
    else this.#schedule();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    // A batch that is under way does not hold what came after it began.
    await this.#flush();
    await this.#flush();
    if (this.#lost > 0 || this.#waiting.length > 0) {
      this.#log.warn({ path: this.#path, lost: this.#lost + this.#waiting.length }, 'audit records were lost');
    }
  }

  #schedule(): void {
    if (this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#flush();
    }, flushMs);
    // Waiting records do not keep a process alive that is done; close() writes them.
    this.#timer.unref();
  }

  /** One at a time, so lines stay in order. Never rejects. */
  #flush(): Promise<void> {
    this.#flushing ??= this.#append().finally(() => {
      this.#flushing = undefined;
      if (this.#waiting.length > 0 && !this.#closed) this.#schedule();
    });
    return this.#flushing;
  }

  async #append(): Promise<void> {
    if (this.#waiting.length === 0 && this.#rest.length === 0) return;
    try {
      const file = await this.#open();
      try {
        await this.#writeRest(file);
        if (this.#waiting.length > 0) this.#rest = Buffer.from(`${this.#waiting.map(lineOf).join('\n')}\n`);
        this.#waiting = [];
        await this.#writeRest(file);
      } finally {
        await file.close();
      }
      this.#recovered();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Opened anew for each batch: a log that was rotated or removed meanwhile gets a new file. */
  async #open(): Promise<FileHandle> {
    // Directories that are there already belong to somebody else, and keep their mode.
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    const file = await open(this.#path, 'a', 0o600);
    const stats = await file.stat();
    if (stats.isFile() && process.platform !== 'win32' && (stats.mode & 0o077) !== 0) {
      // A file of another owner can be written and not changed: then its mode is that owner's choice.
      await file.chmod(0o600).catch(() => undefined);
    }
    return file;
  }

  async #writeRest(file: FileHandle): Promise<void> {
    while (this.#rest.length > 0) {
      const { bytesWritten } = await file.write(this.#rest);
      this.#rest = this.#rest.subarray(bytesWritten);
    }
  }

  #recovered(): void {
    if (this.#failing) this.#log.info({ path: this.#path, lost: this.#lost }, 'the audit log is written again');
    this.#failing = false;
  }

  /** Said once and not for every batch; calls go on without it. */
  #failed(error: unknown): void {
    if (this.#failing) return;
    this.#failing = true;
    this.#waiting = this.#waiting.map(lineOf);
    this.#log.warn({ path: this.#path, reason: errorText(error) }, 'the audit log cannot be written; calls go on');
  }
}

function lineOf(entry: AuditEntry | string): string {
  return typeof entry === 'string' ? entry : auditLine(entry);
}
