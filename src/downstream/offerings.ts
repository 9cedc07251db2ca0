// Owns the resources, resource templates and prompts of one server as they were last listed; knows nothing of who may
// see them.

import type { ServerEntry } from '../config/server-entry.ts';
import { membersOf } from '../lib/members.ts';
import { orAborted } from '../lib/or-aborted.ts';
import { RpcError, rpcCodes } from '../wire/rpc-error.ts';
import { usualTtlMs } from './catalog.ts';
import type { Connection } from './connection.ts';
import { collectPages, type Listed } from './list-pages.ts';

export type OfferedList = 'resources' | 'templates' | 'prompts';

/** Which requests a server answers besides those about tools. */
export interface Offers {
  readonly resources: boolean;
  readonly prompts: boolean;
  readonly completions: boolean;
}

const lists = {
  resources: { method: 'resources/list', member: 'resources', key: 'uri', capability: 'resources' },
  templates: {
    method: 'resources/templates/list',
    member: 'resourceTemplates',
    key: 'uriTemplate',
    capability: 'resources',
  },
  prompts: { method: 'prompts/list', member: 'prompts', key: 'name', capability: 'prompts' },
} as const;

const changes: Readonly<Record<string, readonly OfferedList[]>> = {
  'notifications/resources/list_changed': ['resources', 'templates'],
  'notifications/prompts/list_changed': ['prompts'],
};

export interface Offerings {
  /** Nothing is asked of a server that does not declare such a list. @throws what `Connection.request` throws */
  list(kind: OfferedList, options?: { readonly signal?: AbortSignal | undefined }): Promise<readonly Listed[]>;
  readonly offers: Offers;
  /** Some of its tools may run as tasks (2025-11-25, basic/utilities/tasks). */
  readonly makesTasks: boolean;
  /** A notification that says which lists are no longer what they were. */
  changed(method: string): void;
  /** Another login may be shown others. */
  forget(): void;
}

export interface OfferingsDeps {
  /** What outlives the connection. */
  readonly known?: {
    listed(kind: OfferedList, items: readonly Listed[]): void;
    outdated(kinds: readonly OfferedList[]): void;
  };
  readonly connection: Pick<Connection, 'request' | 'info'>;
  readonly entry: Pick<ServerEntry, 'connectTimeoutMs'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export function createOfferings({ connection, entry, now, known }: OfferingsDeps): Offerings {
  const cached = new Map<OfferedList, CachedList>();
  const listOf = (kind: OfferedList): CachedList => {
    const found =
      cached.get(kind) ??
      new CachedList(
        now,
        () => ask(kind),
        (items) => known?.listed(kind, items),
      );
    cached.set(kind, found);
    return found;
  };
  const ask = async (kind: OfferedList): ReturnType<typeof collectPages> => {
    const { method, ...shape } = lists[kind];
    const endsAt = now() + entry.connectTimeoutMs;
    try {
      return await collectPages(async (cursor) => {
        const timeoutMs = Math.max(1, endsAt - now());
        return (await connection.request(method, cursor === undefined ? {} : { cursor }, { timeoutMs })).result;
      }, shape);
    } catch (error) {
      // Servers without templates need not know that method.
      if (error instanceof RpcError && error.code === rpcCodes.methodNotFound) return { items: [] };
      throw error;
    }
  };
  return {
    async list(kind, { signal } = {}) {
      if (!offersOf(connection.info.capabilities)[lists[kind].capability]) return [];
      return await listOf(kind).get(signal);
    },
    get offers() {
      return offersOf(connection.info.capabilities);
    },
    get makesTasks() {
      const { requests } = membersOf(connection.info.capabilities['tasks']);
      return membersOf(membersOf(requests)['tools'])['call'] !== undefined;
    },
    forget() {
      for (const each of cached.values()) each.drop();
    },
    changed(method) {
      const kinds = changes[method] ?? [];
      for (const kind of kinds) cached.get(kind)?.drop();
      known?.outdated(kinds);
    },
  };
}

export function offersOf(capabilities: Readonly<Record<string, unknown>>): Offers {
  const has = (name: string): boolean => typeof capabilities[name] === 'object' && capabilities[name] !== null;
  return { resources: has('resources'), prompts: has('prompts'), completions: has('completions') };
}

class CachedList {
  readonly #now: () => number;
  readonly #ask: () => ReturnType<typeof collectPages>;
  readonly #onListed: (items: readonly Listed[]) => void;
  #items: readonly Listed[] = [];
  #freshUntil = Number.NEGATIVE_INFINITY;
  #running: Promise<readonly Listed[]> | undefined;

  constructor(
    now: () => number,
    ask: () => ReturnType<typeof collectPages>,
    onListed: (items: readonly Listed[]) => void,
  ) {
    this.#now = now;
    this.#ask = ask;
    this.#onListed = onListed;
  }

  async get(signal: AbortSignal | undefined): Promise<readonly Listed[]> {
    if (this.#now() < this.#freshUntil) return this.#items;
    this.#running ??= this.#list();
    // One caller that leaves does not take the list away from the others.
    return await orAborted(this.#running, signal);
  }

  drop(): void {
    this.#freshUntil = Number.NEGATIVE_INFINITY;
    // A list that is on its way is old already.
    this.#running = undefined;
  }

  #list(): Promise<readonly Listed[]> {
    const running: Promise<readonly Listed[]> = this.#ask()
      .then(({ items, ttlMs }) => {
        if (this.#running !== running) return items;
        this.#items = items;
        this.#freshUntil = this.#now() + (ttlMs ?? usualTtlMs);
        this.#onListed(items);
        return items;
      })
      .finally(() => {
        if (this.#running === running) this.#running = undefined;
      });
    return running;
  }
}
