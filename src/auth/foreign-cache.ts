// Owns which login of another program's cache belongs to which server of ours; pure, knows nothing of the cache's files.
import type { HttpServerEntry } from '../config/server-entry.ts';
import type { ForeignLogin } from './foreign-login.ts';
import { canonicalServerUrl, loginKey } from './server-key.ts';

export interface CachedLogin {
  readonly login: ForeignLogin;
  /** What the server is called there, where that is known. */
  readonly name?: string | undefined;
  readonly url?: string | undefined;
  /** `asked`: the human named this very server. A login whose URL nobody noted is given to no other. */
  isFor(entry: HttpServerEntry, asked: boolean): boolean;
}

export type Choice =
  | { readonly kind: 'found'; readonly entry: HttpServerEntry; readonly cached: CachedLogin }
  | { readonly kind: 'none'; readonly entry: HttpServerEntry }
  /** Several accounts of ours, and nothing says whose login it is. */
  | { readonly kind: 'ambiguous'; readonly entry: HttpServerEntry };

export interface Chosen {
  readonly choices: readonly Choice[];
  /** Logins of servers that were not asked for. */
  readonly others: readonly CachedLogin[];
}

/** The newest login of each server. Where several profiles share a URL, the one without a profile gets it, or a namesake. */
export function chooseLogins(
  entries: readonly HttpServerEntry[],
  cache: readonly CachedLogin[],
  { asked }: { readonly asked: boolean },
): Chosen {
  const newestFirst = [...cache].sort((one, other) => other.login.savedAt - one.login.savedAt);
  const choices = entries.map((entry): Choice => {
    const own = newestFirst.filter((cached) => cached.isFor(entry, asked));
    if (own.length === 0) return { kind: 'none', entry };
    const namesake = own.find(({ name }) => name === entry.name);
    const siblings = entries.filter((other) => isSibling(other, entry));
    const names = new Set(siblings.map(({ name }) => name));
    const free = own.find(({ name }) => name === undefined || !names.has(name));
    if (siblings.length === 0 || entry.profile === undefined) {
      const cached = namesake ?? free;
      return cached ? { kind: 'found', entry, cached } : { kind: 'none', entry };
    }
    return namesake ? { kind: 'found', entry, cached: namesake } : { kind: 'ambiguous', entry };
  });
  return { choices, others: cache.filter((cached) => !entries.some((entry) => cached.isFor(entry, asked))) };
}

/** Another account of the same server. */
function isSibling(other: HttpServerEntry, entry: HttpServerEntry): boolean {
  const sameServer = canonicalServerUrl(other.url) === canonicalServerUrl(entry.url);
  return sameServer && loginKey(other.url, other.profile) !== loginKey(entry.url, entry.profile);
}
