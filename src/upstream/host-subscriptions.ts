// Owns how a host hears of changes: by plain notifications up to 2025-11-25, by `subscriptions/listen` since 2026-07-28.

import { type Members, membersOf } from '../lib/members.ts';
import type { IncomingRequest, Peer } from '../wire/peer.ts';

/** Which member of a filter asks for which notification. */
const filters: Readonly<Record<string, string>> = {
  'notifications/tools/list_changed': 'toolsListChanged',
  'notifications/prompts/list_changed': 'promptsListChanged',
  'notifications/resources/list_changed': 'resourcesListChanged',
  'notifications/resources/updated': 'resourceSubscriptions',
};

interface Subscription {
  readonly id: IncomingRequest['id'];
  readonly filter: Members;
  end(): void;
}

export class HostSubscriptions {
  readonly #peer: Peer;
  readonly #follow: (uri: string, isFollowed: boolean) => void;
  readonly #listening = new Set<Subscription>();

  /** @param follow told of each resource that the first begins to listen to, and the last ends to */
  constructor(peer: Peer, follow: (uri: string, isFollowed: boolean) => void) {
    this.#peer = peer;
    this.#follow = follow;
  }

  takes(method: string): boolean {
    return method in filters;
  }

  notify(method: string, params: Members, isModern: boolean): void {
    if (!isModern) {
      void this.#peer.notify(method, params as Record<string, unknown>);
      return;
    }
    for (const { id, filter } of this.#listening) {
      if (asksFor(filter, method, params)) void this.#peer.notify(method, withId(params, id));
    }
  }

  /** `subscriptions/listen`: stays open until the host cancels it, or `close`. */
  async listen({ id, params, signal }: IncomingRequest): Promise<object> {
    const filter = honoured(membersOf(params['notifications']));
    const ended = new Promise<void>((resolve) => {
      const subscription: Subscription = { id, filter, end: resolve };
      this.#change(() => this.#listening.add(subscription));
      signal.addEventListener('abort', () => {
        this.#change(() => this.#listening.delete(subscription));
        resolve();
      });
    });
    await this.#peer.notify('notifications/subscriptions/acknowledged', withId({ notifications: filter }, id));
    await ended;
    return { resultType: 'complete', _meta: subscriptionId(id) };
  }

  /** Answers every open `subscriptions/listen`: the gateway is going. */
  close(): void {
    for (const { end } of this.#listening) end();
    this.#listening.clear();
  }

  #change(work: () => void): void {
    const before = this.#uris();
    work();
    const now = this.#uris();
    for (const uri of now) if (!before.has(uri)) this.#follow(uri, true);
    for (const uri of before) if (!now.has(uri)) this.#follow(uri, false);
  }

  #uris(): ReadonlySet<string> {
    return new Set([...this.#listening].flatMap(({ filter }) => urisOf(filter)));
  }
}

function honoured(asked: Members): Members {
  const names = new Set(Object.values(filters));
  return Object.fromEntries(Object.entries(asked).filter(([name, value]) => names.has(name) && value));
}

function asksFor(filter: Members, method: string, params: Members): boolean {
  if (method === 'notifications/resources/updated') return urisOf(filter).includes(String(params['uri']));
  return filter[filters[method] ?? ''] === true;
}

function urisOf(filter: Members): readonly string[] {
  const uris = filter['resourceSubscriptions'];
  return Array.isArray(uris) ? uris.filter((uri) => typeof uri === 'string') : [];
}

function withId(params: Members, id: IncomingRequest['id']): Record<string, unknown> {
  return { ...params, _meta: { ...membersOf(params['_meta']), ...subscriptionId(id) } };
}

function subscriptionId(id: IncomingRequest['id']): object {
  return { 'io.modelcontextprotocol/subscriptionId': id };
}
