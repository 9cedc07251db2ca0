// Owns what is remembered of each server's era: which, and since when. A verdict says how a conversation is begun and
// nothing more, so one that is lost, old or wrong costs a request. Knows nothing of how an era is found out.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { ServerEntry } from '../config/server-entry.ts';
import type { LogPort } from '../lib/log-port.ts';

/** `modern`: revision 2026-07-28; `legacy`: the revisions with a handshake. */
export type Era = 'legacy' | 'modern';

interface Verdict {
  readonly era: Era;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Of the file; one of another format is as good as none. */
const format = 1;
const hourMs = 3_600_000;

/**
 * A server that learns the new era goes on answering `initialize`: a legacy verdict never fails and has to age. A modern
 * one holds until the server refuses. A local command changes less often than a server on the network.
 */
const legacyAgeMs = { http: 24 * hourMs, stdio: 7 * 24 * hourMs } as const;

export interface EraMemory {
  /** Undefined: not known, or too long ago. */
  recall(entry: ServerEntry): Promise<Era | undefined>;
  keep(entry: ServerEntry, era: Era): void;
  forget(entry: ServerEntry): void;
  /** Resolves when everything kept so far is written. */
  settled(): Promise<void>;
}

/** Without a directory it ends with the process. */
export function createEraMemory(
  { now, log }: { readonly now: () => number; readonly log: LogPort },
  { directory }: { readonly directory?: string | undefined } = {},
): EraMemory {
  const known = new Map<string, Verdict | undefined>();
  let writing: Promise<void> = Promise.resolve();
  const fileOf = (key: string): string | undefined => directory && join(directory, `${key}.json`);

  const read = async (key: string): Promise<Verdict | undefined> => {
    const file = fileOf(key);
    if (file === undefined) return undefined;
    try {
      const { readTextIfPresent } = await import('../lib/json-file.ts');
      return parseVerdict(await readTextIfPresent(file));
    } catch (err) {
      log.debug({ err }, 'what was remembered of a server cannot be read');
      return undefined;
    }
  };
  const put = (entry: ServerEntry, verdict: Verdict | undefined): void => {
    const key = keyOf(entry);
    known.set(key, verdict);
    const file = fileOf(key);
    if (file === undefined) return;
    writing = writing
      .then(() => write(file, verdict))
      .catch((err: unknown) => {
        log.debug({ err }, 'the era of a server cannot be remembered on disk');
      });
  };
  return {
    async recall(entry) {
      const key = keyOf(entry);
      if (!known.has(key)) {
        const found = await read(key);
        // What was learned while the file was read counts more.
        if (!known.has(key)) known.set(key, found);
      }
      return judgeAge(known.get(key), entry.kind, now());
    },
    keep: (entry, era) => put(entry, { era, at: now() }),
    forget: (entry) => put(entry, undefined),
    settled: () => writing,
  };
}

/** The era that a verdict stands for today. One from the future, after the clock was set back, counts as old. */
export function judgeAge(verdict: Verdict | undefined, kind: ServerEntry['kind'], now: number): Era | undefined {
  if (verdict?.era !== 'legacy') return verdict?.era;
  const age = now - verdict.at;
  return age >= 0 && age < legacyAgeMs[kind] ? 'legacy' : undefined;
}

/** What makes the server the one it is; a hash, since URLs and arguments may hold secrets. */
function keyOf(entry: ServerEntry): string {
  const identity = entry.kind === 'http' ? [entry.url] : [entry.command, entry.args, entry.cwd ?? null];
  return createHash('sha256')
    .update(JSON.stringify([entry.kind, ...identity]))
    .digest('hex')
    .slice(0, 24);
}

export function parseVerdict(text: string | undefined): Verdict | undefined {
  if (text === undefined) return undefined;
  try {
    const { version, era, at } = JSON.parse(text) as Record<string, unknown>;
    if (version !== format || typeof at !== 'number' || !Number.isFinite(at)) return undefined;
    return era === 'legacy' || era === 'modern' ? { era, at } : undefined;
  } catch {
    // Half a file, or somebody else's: the server is asked again.
    return undefined;
  }
}

async function write(file: string, verdict: Verdict | undefined): Promise<void> {
  const { removeIfPresent, writePrivateJson } = await import('../lib/json-file.ts');
  if (verdict) await writePrivateJson(file, { version: format, ...verdict });
  else await removeIfPresent(file);
}
