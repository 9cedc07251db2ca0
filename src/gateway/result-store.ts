// Owns the results that are kept for being read on: in memory, bounded, each for the agent who made the call. Knows
// nothing of what is in them.
import { randomBytes } from 'node:crypto';
import type { LargeResult } from './large-results.ts';

/** Whose result it is, and what the rules must still permit when it is read. */
export interface ResultOwner {
  readonly agent: string;
  readonly server: string;
  readonly tool?: string | undefined;
}

export type FoundResult =
  | { readonly kind: 'kept'; readonly owner: ResultOwner; readonly result: LargeResult }
  /** It was kept once; why it is no more, as half a sentence. */
  | { readonly kind: 'gone'; readonly owner: ResultOwner; readonly why: string };

export interface ResultStore {
  /** @returns the id to read it by */
  keep(owner: ResultOwner, result: LargeResult): string;
  /** Undefined also where the result is another agent's. */
  find(agent: string, id: string): FoundResult | undefined;
}

export interface ResultStoreSettings {
  readonly keptMs: number;
  readonly maxCount: number;
  /** Of text, as UTF-8. A larger result is kept alone. */
  readonly maxBytes: number;
}

export const resultStoreDefaults: ResultStoreSettings = {
  keptMs: 15 * 60_000,
  maxCount: 100,
  maxBytes: 64 * 1024 * 1024,
};

/** Of this many results it is remembered what became of them. */
const maxGone = 200;

interface Kept {
  readonly owner: ResultOwner;
  readonly result: LargeResult;
  readonly timer: NodeJS.Timeout;
}

export function createResultStore(settings: ResultStoreSettings = resultStoreDefaults): ResultStore {
  const { keptMs, maxCount, maxBytes } = settings;
  /** Oldest first. */
  const kept = new Map<string, Kept>();
  const gone = new Map<string, Extract<FoundResult, { kind: 'gone' }>>();
  let bytes = 0;

  const drop = (id: string, { owner, result, timer }: Kept, why: string): void => {
    clearTimeout(timer);
    kept.delete(id);
    bytes -= result.bytes;
    gone.set(id, { kind: 'gone', owner, why });
    for (const [oldest] of gone) {
      if (gone.size <= maxGone) break;
      gone.delete(oldest);
    }
  };

  return {
    keep(owner, result) {
      for (const [oldest, old] of kept) {
        if (kept.size < maxCount && bytes + result.bytes <= maxBytes) break;
        drop(oldest, old, 'it had to make room for newer ones');
      }
      const id = randomBytes(6).toString('hex');
      const why = `results are kept for ${keptMs / 60_000} minutes`;
      const entry: Kept = { owner, result, timer: setTimeout(() => drop(id, entry, why), keptMs).unref() };
      kept.set(id, entry);
      bytes += result.bytes;
      return id;
    },

    find(agent, id) {
      const entry = kept.get(id);
      const found = entry ? { kind: 'kept' as const, owner: entry.owner, result: entry.result } : gone.get(id);
      return found?.owner.agent === agent ? found : undefined;
    },
  };
}
