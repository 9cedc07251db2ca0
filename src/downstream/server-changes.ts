// Owns hearing of a server's changes in either era: what it may tell by itself, and the resources somebody follows. Knows
// nothing of who follows them.
import type { ServerEntry } from '../config/server-entry.ts';
import { GatewayError } from '../errors.ts';
import type { LogPort } from '../lib/log-port.ts';
import { orAborted } from '../lib/or-aborted.ts';
import type { Answer, RequestOptions } from '../wire/pending-request.ts';
import { ConnectionClosedError, RequestTimeoutError } from '../wire/rpc-error.ts';
import type { ConnectionInfo } from './handshake.ts';
import { quote } from './http-answer-errors.ts';
import { type ChangeFilter, ListenStream, subscriptionId } from './listen-stream.ts';
import { modernVersion } from './modern-era.ts';
import { createStreamBackoff } from './stream-backoff.ts';

type Params = Readonly<Record<string, unknown>>;

export interface ServerChangesDeps {
  readonly log: LogPort;
  readonly now: () => number;
  /** Sends a request in the conversation's era. */
  readonly request: (method: string, params: Record<string, unknown>, options: RequestOptions) => Promise<Answer>;
  /** Something may have changed without a word about it, since there was no stream for a while. */
  readonly onMissed: (method: string) => void;
}

interface FollowOptions {
  readonly signal?: AbortSignal | undefined;
}

/** The lists a server may tell of, by its capability. */
const lists = [
  { capability: 'tools', member: 'toolsListChanged', method: 'notifications/tools/list_changed' },
  { capability: 'prompts', member: 'promptsListChanged', method: 'notifications/prompts/list_changed' },
  { capability: 'resources', member: 'resourcesListChanged', method: 'notifications/resources/list_changed' },
] as const;

/** What a server tells besides changes of its tools, each with a life of its own here. */
export const changeMethods: readonly string[] = [lists[1].method, lists[2].method, 'notifications/resources/updated'];

/** The stream has a name between the server and us alone. */
export function withoutSubscription(params: Params): Params {
  const { _meta: meta, ...rest } = params;
  if (typeof meta !== 'object' || meta === null || !(subscriptionId in meta)) return params;
  const { [subscriptionId]: _name, ...others } = meta as Record<string, unknown>;
  return Object.keys(others).length > 0 ? { ...rest, _meta: others } : rest;
}

export class ServerChanges {
  readonly #deps: ServerChangesDeps;
  readonly #entry: ServerEntry;
  readonly #stream: ListenStream;
  /** The resources that are followed. */
  readonly #uris = new Set<string>();
  #info: ConnectionInfo | undefined;
  /** It has said that it does not know such streams. */
  #isRefused = false;

  constructor(deps: ServerChangesDeps, entry: ServerEntry) {
    this.#deps = deps;
    this.#entry = entry;
    this.#stream = new ListenStream({
      log: deps.log,
      server: entry.name,
      backoff: createStreamBackoff(deps),
      listen: (filter, options) =>
        deps.request(
          'subscriptions/listen',
          { notifications: filter },
          { ...options, timeoutMs: Number.POSITIVE_INFINITY },
        ),
      onReopened: (agreed) => {
        for (const { member, method } of lists) if (agreed[member]) deps.onMissed(method);
      },
    });
  }

  /** A conversation was opened; after another one, what was heard in that is heard in this. */
  begin(info: ConnectionInfo): void {
    const isAnew = this.#info !== undefined;
    const wasOpen = this.#stream.isWanted;
    this.#info = info;
    this.#isRefused = false;
    this.#stream.close();
    if (this.#isModern) {
      if (wasOpen || this.#uris.size > 0) this.#listen();
    } else if (isAnew) {
      for (const uri of this.#uris) this.#inBackground(this.#ask('resources/subscribe', uri, {}));
    }
  }

  /** Something was listed: from now on it is worth hearing that it changed. */
  listed(): void {
    if (this.#isModern && !this.#stream.isWanted && !this.#isRefused) this.#listen();
  }

  /** @throws RpcError the server refuses; GatewayError it agrees to less; RequestTimeoutError; what requests throw */
  async subscribe(uri: string, options: FollowOptions): Promise<void> {
    if (this.#uris.has(uri)) return;
    this.#uris.add(uri);
    try {
      if (!this.#isModern) return void (await this.#ask('resources/subscribe', uri, options));
      const agreed = await this.#agreed(this.#stream.open(this.#filter()), options);
      if (!agreed.resourceSubscriptions?.includes(uri)) throw this.#notAgreed(uri);
    } catch (error) {
      this.#uris.delete(uri);
      if (this.#isModern && this.#stream.isWanted) this.#listen();
      throw error;
    }
  }

  /** @throws what requests throw */
  async unsubscribe(uri: string, options: FollowOptions): Promise<void> {
    if (!this.#uris.delete(uri)) return;
    if (this.#isModern) this.#listen();
    else await this.#ask('resources/unsubscribe', uri, options);
  }

  /** Hears what is said about the stream itself; false: it was about something else. */
  notified(method: string, params: Params): boolean {
    return this.#stream.notified(method, params);
  }

  close(): void {
    this.#info = undefined;
    this.#stream.close();
  }

  get #isModern(): boolean {
    return this.#info?.protocolVersion === modernVersion;
  }

  /** Brings the stream to what is wanted now. */
  #listen(): void {
    const filter = this.#filter();
    if (Object.keys(filter).length === 0) {
      this.#stream.close();
      return;
    }
    this.#inBackground(
      this.#stream.open(filter).catch((error: unknown) => {
        // Without a login it is tried again after the next list.
        const isFinal = !(error instanceof GatewayError || error instanceof ConnectionClosedError);
        if (isFinal && !this.#stream.isWanted) this.#isRefused = true;
        throw error;
      }),
    );
  }

  #filter(): ChangeFilter {
    const { capabilities = {} } = this.#info ?? {};
    const offered = lists.filter(({ capability }) => {
      const said = capabilities[capability];
      return typeof said === 'object' && said !== null && 'listChanged' in said && said.listChanged === true;
    });
    return {
      ...Object.fromEntries(offered.map(({ member }) => [member, true])),
      ...(this.#uris.size > 0 && { resourceSubscriptions: [...this.#uris] }),
    };
  }

  async #agreed(opened: Promise<ChangeFilter>, { signal }: FollowOptions): Promise<ChangeFilter> {
    const { connectTimeoutMs } = this.#entry;
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(new RequestTimeoutError(connectTimeoutMs)), connectTimeoutMs);
    try {
      return await orAborted(opened, signal ? AbortSignal.any([signal, limit.signal]) : limit.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  #ask(method: string, uri: string, { signal }: FollowOptions): Promise<Answer> {
    return this.#deps.request(method, { uri }, { signal, timeoutMs: this.#entry.connectTimeoutMs });
  }

  #notAgreed(uri: string): GatewayError {
    const { name: server } = this.#entry;
    const message = `server '${server}' does not tell of changes of the resource '${quote(uri)}'`;
    return new GatewayError('SERVER_UNAVAILABLE', message, { server });
  }

  #inBackground(work: Promise<unknown>): void {
    work.catch((err: unknown) => {
      this.#deps.log.debug({ server: this.#entry.name, err }, 'changes of the server may go unheard');
    });
  }
}
