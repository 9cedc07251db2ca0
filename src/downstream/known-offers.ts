// Owns what is known of the things that one server has besides tools, whether it is up or not. Saves in the background; asks
// no server.
import { isDeepStrictEqual } from 'node:util';
import type { Listed } from './list-pages.ts';
import type { OfferedList, Offers } from './offerings.ts';
import { type KeptList, keptLists, type OffersFile, type SavedOffers } from './offers-file.ts';
import { isRecentList } from './recent-list.ts';

export interface RecalledOffers {
  readonly offers: Offers;
  /** Those that are good enough to be shown while the server is not up. */
  readonly lists: { readonly [Kind in KeptList]?: readonly Listed[] };
}

export interface KnownOffersDeps {
  /** Absent: nothing is kept on disk. */
  readonly file?: OffersFile | undefined;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** When the config was last changed, epoch milliseconds. */
  readonly configuredAt?: number | undefined;
  /** What is known is not what was known. */
  readonly onChanged: () => void;
}

type Change = (before: SavedOffers | undefined) => SavedOffers | undefined;

export class KnownOffers {
  readonly #deps: KnownOffersDeps;
  #current: SavedOffers | undefined;
  /** What the file holds. */
  #saved: SavedOffers | undefined;
  /** What came before the disk was read, to be done to what is found there. */
  #early: Change[] | undefined = [];
  #reading: Promise<void> | undefined;
  /** One thing after the other happens to the file. */
  #writing: Promise<void> = Promise.resolve();

  constructor(deps: KnownOffersDeps) {
    this.#deps = deps;
  }

  /** As far as it is known without looking at the disk. */
  get current(): Offers | undefined {
    return this.#current?.offers;
  }

  /** What is known; the disk is looked at once. */
  async recall(): Promise<RecalledOffers | undefined> {
    await this.#read();
    if (!this.#current) return undefined;
    const { offers, lists } = this.#current;
    const recent = Object.entries(lists).filter(([, list]) => list && isRecentList(list.listedAt, this.#deps));
    return { offers, lists: Object.fromEntries(recent.map(([kind, list]) => [kind, list?.items])) };
  }

  /** The server has said what it has. */
  told(offers: Offers): void {
    this.#change((before) => ({ lists: {}, ...before, offers }));
  }

  listed(kind: OfferedList, items: readonly Listed[]): void {
    if (!keptLists.some((kept) => kept === kind)) return;
    const listedAt = this.#deps.now();
    this.#change((before) => before && { ...before, lists: { ...before.lists, [kind]: { items, listedAt } } });
  }

  /** Lists that are no longer what they were. */
  outdated(kinds: readonly OfferedList[]): void {
    this.#change((before) => {
      if (!before || !Object.keys(before.lists).some((kept) => kinds.some((kind) => kind === kept))) return before;
      const left = Object.entries(before.lists).filter(([kind]) => !kinds.some((each) => each === kind));
      return { ...before, lists: Object.fromEntries(left) };
    });
  }

  /** Whoever uses the server from now on may see others. */
  forget(): Promise<void> {
    this.#current = undefined;
    this.#saved = undefined;
    this.#early = undefined;
    this.#reading = Promise.resolve();
    return this.#afterwards(async () => this.#deps.file?.remove());
  }

  /** Resolves when nothing is left to be written. */
  settled(): Promise<void> {
    return this.#writing;
  }

  #change(change: Change): void {
    const before = this.#current;
    this.#early?.push(change);
    this.#current = change(before);
    if (this.#current === before) return;
    if (!this.#isSame(before, this.#current)) this.#deps.onChanged();
    void this.#afterwards(async () => {
      await this.#read();
      const current = this.#current;
      if (!current || this.#isSame(this.#saved, current)) return;
      this.#saved = current;
      await this.#deps.file?.write(current);
    });
  }

  #read(): Promise<void> {
    this.#reading ??= this.#readFile();
    return this.#reading;
  }

  async #readFile(): Promise<void> {
    const { file } = this.#deps;
    const saved = await file?.read();
    // In the meantime somebody logged in as somebody else.
    if (!this.#early) return;
    this.#saved = saved;
    this.#current = this.#early.reduce((value, change) => change(value), saved);
    this.#early = undefined;
  }

  #afterwards(work: () => Promise<void>): Promise<void> {
    this.#writing = this.#writing.then(work);
    return this.#writing;
  }

  /** A list that is the same is another only where the older one is no longer good enough. */
  #isSame(one: SavedOffers | undefined, other: SavedOffers | undefined): boolean {
    if (!one || !other) return one === other;
    const isRecent = Object.values(one.lists).every(
      (list) => list === undefined || isRecentList(list.listedAt, this.#deps),
    );
    return isRecent && isDeepStrictEqual(withoutTimes(one), withoutTimes(other));
  }
}

function withoutTimes({ offers, lists }: SavedOffers): object {
  return { offers, lists: Object.fromEntries(Object.entries(lists).map(([kind, list]) => [kind, list?.items])) };
}
