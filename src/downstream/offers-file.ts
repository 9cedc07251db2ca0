// Owns the form in which it is kept on disk what a server has besides tools. Small, since it is read before the first list
// is shown; catalogs of tools are not.
import type { ServerEntry } from '../config/server-entry.ts';
import type { LogPort } from '../lib/log-port.ts';
import { isRecord, type Members, membersOf } from '../lib/members.ts';
import type { Listed } from './list-pages.ts';
import type { Offers } from './offerings.ts';
import { createServerFile, type ServerFile } from './server-file.ts';

export interface SavedList {
  /** As the server defined them. */
  readonly items: readonly Listed[];
  /** Epoch milliseconds. */
  readonly listedAt: number;
}

/** The lists that decide what is shown before the server is up. */
export type KeptList = 'prompts';
export const keptLists: readonly KeptList[] = ['prompts'];

export interface SavedOffers {
  readonly offers: Offers;
  /** Those that were listed. */
  readonly lists: { readonly [Kind in KeptList]?: SavedList | undefined };
}

export type OffersFile = ServerFile<SavedOffers>;

/** One list that is longer is not kept, in characters. */
const longestList = 128 * 1024;

export function createOffersFile(
  deps: { readonly directory: string; readonly log: LogPort },
  entry: ServerEntry,
): OffersFile {
  return createServerFile(deps, entry, { suffix: '.offers.json', longest: 4 * longestList, parse, format });
}

function format({ offers, lists }: SavedOffers): Members {
  const kept = keptLists.flatMap((kind) => {
    const list = lists[kind];
    const isKept = list !== undefined && JSON.stringify(list.items).length <= longestList;
    return isKept ? [[kind, { saved_at: list.listedAt, items: list.items }] as const] : [];
  });
  return { offers, lists: Object.fromEntries(kept) };
}

function parse({ offers, lists }: Members): SavedOffers | undefined {
  if (!isRecord(offers)) return undefined;
  const has = (name: string): boolean => offers[name] === true;
  return {
    offers: { resources: has('resources'), prompts: has('prompts'), completions: has('completions') },
    lists: Object.fromEntries(keptLists.flatMap((kind) => listIn(kind, membersOf(membersOf(lists)[kind])))),
  };
}

function listIn(kind: KeptList, { saved_at: listedAt, items }: Members): readonly (readonly [KeptList, SavedList])[] {
  if (typeof listedAt !== 'number' || !Array.isArray(items) || !items.every(isRecord)) return [];
  return [[kind, { listedAt, items }]];
}
