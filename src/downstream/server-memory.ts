// Owns what is remembered of one server between its connections: its tools, and what it has besides. Asks no server.
import type { CatalogFile } from './catalog-file.ts';
import { KnownCatalog } from './known-catalog.ts';
import { KnownOffers } from './known-offers.ts';
import type { OffersFile } from './offers-file.ts';

export interface MemorySettings {
  /** Where its tools are kept on disk; absent: nowhere. */
  readonly file?: CatalogFile | undefined;
  /** The same for what it has besides. */
  readonly offersFile?: OffersFile | undefined;
  /** When the config was last changed, epoch milliseconds. */
  readonly configuredAt?: number | undefined;
  readonly onToolsChanged?: (() => void) | undefined;
  readonly onOffersChanged?: (() => void) | undefined;
}

export interface ServerMemory {
  readonly tools: KnownCatalog;
  readonly offers: KnownOffers;
  /** Whoever uses the server from now on may see others. */
  forget(): Promise<void>;
  /** Resolves when nothing is left to be written. */
  settled(): Promise<void>;
}

export function createServerMemory(
  now: () => number,
  { file, offersFile, configuredAt, onToolsChanged, onOffersChanged }: MemorySettings,
): ServerMemory {
  const tools = new KnownCatalog({ file, configuredAt, now, onChanged: () => onToolsChanged?.() });
  const offers = new KnownOffers({ file: offersFile, configuredAt, now, onChanged: () => onOffersChanged?.() });
  return {
    tools,
    offers,
    forget: async () => void (await Promise.all([tools.forget(), offers.forget()])),
    settled: async () => void (await Promise.all([tools.settled(), offers.settled()])),
  };
}
