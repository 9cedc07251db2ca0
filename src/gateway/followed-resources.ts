// Owns which resources the host follows, and which server tells of each; a server's new connection is told again.
import { GatewayError } from '../errors.ts';
import type { ServerSession } from './downstream-port.ts';
import type { Host } from './host.ts';
import { type NativeDeps, serversOf } from './native-resources.ts';
import { permittedSession } from './permitted-session.ts';
import type { Members } from './relay-request.ts';

export interface FollowedDeps extends NativeDeps {
  /** Tells the host. */
  readonly notify: (method: string, params: Members) => void;
}

const updated = 'notifications/resources/updated';
const done = { value: {} as Members, size: 2 };

export class FollowedResources {
  readonly #deps: FollowedDeps;
  /** URI → server. */
  readonly #servers = new Map<string, string>();

  constructor(deps: FollowedDeps) {
    this.#deps = deps;
  }

  async follow(agent: string, uri: string, host: Host): Promise<typeof done> {
    const [server] = await serversOf(this.#deps, agent, uri, host);
    if (server === undefined) throw new GatewayError('INVALID_ARGUMENTS', 'no server has a resource of that URI');
    const asked = { agent, server, item: { kind: 'resource', name: uri } } as const;
    const { connection } = await permittedSession(this.#deps, asked, host);
    await connection.changes.subscribe(uri, { signal: host.signal });
    this.#servers.set(uri, server);
    return done;
  }

  async leave(uri: string, host: Host): Promise<typeof done> {
    const server = this.#servers.get(uri);
    this.#servers.delete(uri);
    if (server === undefined) return done;
    const { connection } = await this.#deps.downstream.session(server, host);
    await connection.changes.unsubscribe(uri, { signal: host.signal });
    return done;
  }

  /** What was followed of servers that are gone is forgotten; others under the same name are told anew. */
  keep(servers: ReadonlySet<string>, changed: readonly string[]): void {
    for (const [uri, server] of this.#servers) if (!servers.has(server)) this.#servers.delete(uri);
    for (const server of changed) if (this.#followedOf(server).length > 0) this.#connect(server);
  }

  told(server: string, method: string, params: Members): void {
    if (!this.#deps.isNative(server)) return;
    if (method === updated && !this.#isFollowed(params['uri'], server)) return;
    this.#deps.notify(method, params);
  }

  /** What changed while there was no connection, nobody told: each may need to be read again. */
  ready(server: string): void {
    const uris = this.#followedOf(server);
    if (uris.length === 0) return;
    this.#connect(server, async ({ connection }) => {
      await Promise.allSettled(
        uris.map((uri) => connection.changes.subscribe(uri).finally(() => this.told(server, updated, { uri }))),
      );
    });
  }

  /** In the background; who looks at the server sees why it failed. */
  #connect(server: string, then: (session: ServerSession) => Promise<void> = async () => undefined): void {
    const { signal } = new AbortController();
    this.#deps.downstream.session(server, { signal }).then(then, () => undefined);
  }

  #followedOf(server: string): readonly string[] {
    return [...this.#servers].filter(([, owner]) => owner === server).map(([uri]) => uri);
  }

  /** Servers may tell of a part of what is followed (server/resources, Subscriptions). */
  #isFollowed(uri: unknown, server: string): boolean {
    return [...this.#servers].some(([each, owner]) => owner === server && String(uri).startsWith(each));
  }
}
