// Owns hearing of a server's changes in either era: what it may tell by itself, and the resources somebody follows. Knows
// nothing of who follows them.
import type { ServerEntry } from '../config/server-entry.ts';
import { GatewayError } from '../errors.ts';
import type { LogPort } from '../lib/log-port.ts';
import { orAborted } from '../lib/or-aborted.ts';
import type { Answer, RequestOptions } from '../wire/pending-request.ts';
import { ConnectionClosedError, RequestTimeoutError, RpcError } from '../wire/rpc-error.ts';
import { translateError } from './downstream-errors.ts';
import type { ConnectionInfo } from './handshake.ts';
import { quote } from './http-answer-errors.ts';
import { type ChangeFilter, ListenStream, subscriptionId } from './listen-stream.ts';
import { modernVersion } from './modern-era.ts';
import { createStreamBackoff } from './stream-backoff.ts';

type Params = Readonly<Record<string, unknown>>;

/** What the conversation does for this, each in its era. */
export interface ServerChangesWays {
  /** Sends `subscriptions/listen`. */
  readonly listen: (params: Record<string, unknown>, options: RequestOptions) => Promise<Answer>;
  /** Any request with an answer; throws what callers may see. */
  readonly request: (
    method: string,
    params: Record<string, unknown>,
    options: { readonly signal?: AbortSignal | undefined; readonly timeoutMs: number },
  ) => Promise<unknown>;
  /** A change of prompts or resources; `params` without the name of the stream they came on. */
  readonly onTold: (method: string, params: Params) => void;
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

const updated = 'notifications/resources/updated';
const toldMethods: readonly string[] = [lists[1].method, lists[2].method, updated];

/** The stream has a name between the server and us alone. */
export function withoutSubscription(params: Params): Params {
  const { _meta: meta, ...rest } = params;
  if (typeof meta !== 'object' || meta === null || !(subscriptionId in meta)) return params;
  const { [subscriptionId]: _name, ...others } = meta as Record<string, unknown>;
  return Object.keys(others).length > 0 ? { ...rest, _meta: others } : rest;
}

function isOffered(capability: unknown): capability is object {
  return typeof capability === 'object' && capability !== null;
}

export class ServerChanges {
  readonly #log: LogPort;
  readonly #entry: ServerEntry;
  readonly #request: ServerChangesWays['request'];
  readonly #onTold: ServerChangesWays['onTold'];
  readonly #onMissed: ServerChangesWays['onMissed'];
  readonly #stream: ListenStream;
  /** The resources that are followed. */
  readonly #uris = new Set<string>();
  #info: ConnectionInfo | undefined;
  /** `for good`: it has said that it does not know such streams. `for now`: there was no login for one. */
  #refused: 'for now' | 'for good' | undefined;

  constructor(
    deps: { readonly log: LogPort; readonly now: () => number },
    entry: ServerEntry,
    { listen, request, onTold, onMissed }: ServerChangesWays,
  ) {
    this.#log = deps.log;
    this.#entry = entry;
    this.#request = request;
    this.#onTold = onTold;
    this.#onMissed = onMissed;
    this.#stream = new ListenStream({
      log: deps.log,
      server: entry.name,
      backoff: createStreamBackoff(deps),
      listen: (notifications, options) =>
        listen({ notifications }, { ...options, timeoutMs: Number.POSITIVE_INFINITY }),
      onReopened: (agreed) => {
        for (const { member, method } of lists) if (agreed[member]) this.#onMissed(method);
        this.missed();
      },
    });
  }

  /**
   * The server may have told of changes that were not heard. Nothing of the protocol says what became of a resource
   * meanwhile, so whoever follows it is told that it "may need to be read again" (schema, `ResourceUpdatedNotification`).
   */
  missed(): void {
    for (const uri of this.#uris) this.#onTold(updated, { uri });
  }

  /** A conversation was opened; after another one, what was heard in that is heard in this. */
  begin(info: ConnectionInfo): void {
    const isAnew = this.#info !== undefined;
    const wasOpen = this.#stream.isWanted;
    this.#info = info;
    this.#refused = undefined;
    this.#stream.close();
    if (isAnew) this.#missedLists(info);
    if (this.#isModern) {
      if (wasOpen || this.#uris.size > 0) this.#inBackground(this.#listen().finally(() => isAnew && this.missed()));
    } else if (isAnew) {
      for (const uri of this.#uris) {
        const asked = this.#ask('resources/subscribe', uri, {});
        // One that is refused now is not what it was either.
        this.#inBackground(asked.finally(() => this.#uris.has(uri) && this.#onTold(updated, { uri })));
      }
    }
  }

  /**
   * The server has answered a request: from now on it is worth hearing of its changes. Not before, so that no call waits
   * for the stream. Without a login it is tried again when something `isList`ed.
   */
  answered({ isList }: { readonly isList: boolean }): void {
    if (isList && this.#refused === 'for now') this.#refused = undefined;
    if (this.#isModern && !this.#stream.isWanted && !this.#refused) this.#inBackground(this.#listen());
  }

  /**
   * From now on it is heard when the resource changes, also after the conversation was opened anew. Once for each
   * resource, however many want to know.
   * @throws RpcError the server's own error answer, unchanged
   * @throws GatewayError SERVER_UNAVAILABLE | TIMEOUT | CANCELLED | AUTH_…
   */
  async subscribe(uri: string, { signal }: FollowOptions = {}): Promise<void> {
    if (this.#uris.has(uri)) return;
    this.#uris.add(uri);
    try {
      if (this.#isModern) await this.#listenTo(uri, signal);
      else await this.#ask('resources/subscribe', uri, { signal });
    } catch (error) {
      this.#uris.delete(uri);
      if (this.#isModern && this.#stream.isWanted) this.#inBackground(this.#listen());
      if (error instanceof RpcError) throw error;
      const doing = 'a subscription';
      throw translateError(error, { entry: this.#entry, doing, limitKey: 'connectTimeoutMs', signal });
    }
  }

  /** @throws what `subscribe` throws */
  async unsubscribe(uri: string, options: FollowOptions = {}): Promise<void> {
    if (!this.#uris.delete(uri)) return;
    if (this.#isModern) this.#inBackground(this.#listen());
    else await this.#ask('resources/unsubscribe', uri, options);
  }

  /** Hears what is told of changes, and about the stream itself; false: it was something else, or about tools. */
  notified(method: string, params: Params): boolean {
    if (this.#stream.notified(method, params)) return true;
    const isOurs = toldMethods.includes(method);
    if (isOurs) this.#onTold(method, withoutSubscription(params));
    return isOurs;
  }

  /** Whether somebody wants to hear of a resource. */
  get isFollowing(): boolean {
    return this.#uris.size > 0;
  }

  close(): void {
    this.#info = undefined;
    this.#stream.close();
  }

  get #isModern(): boolean {
    return this.#info?.protocolVersion === modernVersion;
  }

  /** Brings the stream to what is wanted now. */
  async #listen(): Promise<void> {
    const filter = this.#filter();
    if (Object.keys(filter).length === 0) {
      this.#stream.close();
      return;
    }
    try {
      await this.#stream.open(filter);
    } catch (error) {
      const isOurs = error instanceof ConnectionClosedError;
      if (!isOurs && !this.#stream.isWanted) this.#refused = error instanceof GatewayError ? 'for now' : 'for good';
      throw error;
    }
  }

  /** In another conversation they may be others, whether the server tells of that or not; its tools are asked for anew. */
  #missedLists({ capabilities }: ConnectionInfo): void {
    for (const { capability, method } of lists) {
      if (capability !== 'tools' && isOffered(capabilities[capability])) this.#onMissed(method);
    }
  }

  #filter(): ChangeFilter {
    const { capabilities = {} } = this.#info ?? {};
    const offered = lists.filter(({ capability }) => {
      const said = capabilities[capability];
      return isOffered(said) && 'listChanged' in said && said.listChanged === true;
    });
    return {
      ...Object.fromEntries(offered.map(({ member }) => [member, true])),
      ...(this.#uris.size > 0 && { resourceSubscriptions: [...this.#uris] }),
    };
  }

  async #listenTo(uri: string, signal: AbortSignal | undefined): Promise<void> {
    const { connectTimeoutMs } = this.#entry;
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(new RequestTimeoutError(connectTimeoutMs)), connectTimeoutMs);
    const limits = signal ? AbortSignal.any([signal, limit.signal]) : limit.signal;
    try {
      const agreed = await orAborted(this.#stream.open(this.#filter()), limits);
      if (!agreed.resourceSubscriptions?.includes(uri)) throw this.#notAgreed(uri);
    } finally {
      clearTimeout(timer);
    }
  }

  async #ask(method: string, uri: string, { signal }: FollowOptions): Promise<void> {
    await this.#request(method, { uri }, { signal, timeoutMs: this.#entry.connectTimeoutMs });
  }

  #notAgreed(uri: string): GatewayError {
    const { name: server } = this.#entry;
    const message = `server '${server}' does not tell of changes of the resource '${quote(uri)}'`;
    return new GatewayError('SERVER_UNAVAILABLE', message, { server });
  }

  #inBackground(work: Promise<unknown>): void {
    work.catch((err: unknown) => {
      this.#log.debug({ server: this.#entry.name, err }, 'changes of the server may go unheard');
    });
  }
}
