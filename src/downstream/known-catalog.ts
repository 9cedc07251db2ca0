// Owns what is known of one server's tools, whether it is up or not: as it last listed them, or as they were saved by an
// earlier process. Saves in the background; asks no server.
import { isDeepStrictEqual } from 'node:util';
import type { CatalogFile, SavedCatalog } from './catalog-file.ts';
import { isRecentList } from './recent-list.ts';
import type { ToolListing } from './tool-pages.ts';

/** Longest title that is kept, in characters: some servers put a manual into their instructions. */
const longestTitle = 1000;

export interface KnownTools extends SavedCatalog {
  /** Whether it is good enough to be shown while the server is not up. */
  readonly isRecent: boolean;
}

export interface KnownCatalogDeps {
  /** Absent: nothing is kept on disk. */
  readonly file?: CatalogFile | undefined;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** When the config was last changed, epoch milliseconds: what was saved before may be of another server. */
  readonly configuredAt?: number | undefined;
  /** What is listed now is not what was known, or will not be for long. */
  readonly onChanged: () => void;
}

export class KnownCatalog {
  readonly #deps: KnownCatalogDeps;
  #current: SavedCatalog | undefined;
  /** What the file holds. */
  #saved: SavedCatalog | undefined;
  #reading: Promise<void> | undefined;
  /** What was listed before belongs to another login. */
  #forgottenAt = Number.NEGATIVE_INFINITY;
  /** One thing after the other happens to the file. */
  #writing: Promise<void> = Promise.resolve();

  constructor(deps: KnownCatalogDeps) {
    this.#deps = deps;
  }

  /** What is known so far, without looking at the disk. The array of tools is the same as long as they are. */
  get current(): SavedCatalog | undefined {
    return this.#current;
  }

  /** What is known; the disk is looked at once. */
  async recall(): Promise<KnownTools | undefined> {
    await this.#read();
    const current = this.#current;
    return current && { ...current, isRecent: this.#isRecent(current) };
  }

  listed(listing: ToolListing, listedAt: number, server: Pick<SavedCatalog, 'protocolVersion' | 'title'>): void {
    if (listedAt < this.#forgottenAt) return;
    const before = this.#current?.tools ?? [];
    const isSame = isDeepStrictEqual(before, listing.tools);
    this.#current = {
      tools: this.#current && isSame ? before : listing.tools,
      listedAt,
      isDoubted: undefined,
      ttlMs: listing.ttlMs,
      cacheScope: listing.cacheScope,
      protocolVersion: server.protocolVersion,
      title: server.title?.slice(0, longestTitle),
    };
    this.#save();
    if (!isSame) this.#deps.onChanged();
  }

  /** The server said that its tools changed. */
  doubt(): void {
    if (this.#current) this.#markDoubted(this.#current);
    else void this.#afterwards(async () => this.#doubtSaved());
    this.#deps.onChanged();
  }

  /** Whoever uses the server from now on may see other tools. */
  forget(): Promise<void> {
    this.#forgottenAt = this.#deps.now();
    this.#current = undefined;
    this.#saved = undefined;
    this.#reading = Promise.resolve();
    return this.#afterwards(async () => this.#deps.file?.remove());
  }

  /** Resolves when nothing is left to be written. */
  settled(): Promise<void> {
    return this.#writing;
  }

  #markDoubted(current: SavedCatalog): void {
    if (current.isDoubted) return;
    this.#current = { ...current, isDoubted: true };
    this.#save();
  }

  /** Unless the server was listed while the disk was being read. */
  async #doubtSaved(): Promise<void> {
    await this.#read();
    if (this.#current && this.#current === this.#saved) this.#markDoubted(this.#current);
  }

  #read(): Promise<void> {
    this.#reading ??= this.#readFile();
    return this.#reading;
  }

  async #readFile(): Promise<void> {
    const { file } = this.#deps;
    if (!file) return;
    const startedAt = this.#forgottenAt;
    const saved = await file.read();
    // In the meantime somebody logged in as somebody else.
    if (startedAt !== this.#forgottenAt) return;
    this.#saved = saved;
    this.#current ??= saved;
  }

  #save(): void {
    const { file } = this.#deps;
    if (!file) return;
    void this.#afterwards(async () => {
      await this.#read();
      const current = this.#current;
      if (!current || (this.#saved && this.#isRecent(this.#saved) && isSameCatalog(this.#saved, current))) return;
      this.#saved = current;
      await file.write(current);
    });
  }

  #afterwards(work: () => Promise<void>): Promise<void> {
    this.#writing = this.#writing.then(work);
    return this.#writing;
  }

  #isRecent({ listedAt, ttlMs, isDoubted }: SavedCatalog): boolean {
    return !isDoubted && isRecentList(listedAt, this.#deps, ttlMs);
  }
}

function isSameCatalog(one: SavedCatalog, other: SavedCatalog): boolean {
  const { listedAt: _one, ...first } = one;
  const { listedAt: _other, ...second } = other;
  return isDeepStrictEqual(first, second);
}
