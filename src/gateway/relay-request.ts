// Owns the way of one request to one server and of its result back; knows nothing of what is asked.
import { GatewayError } from '../errors.ts';
import type { Item } from '../policy/decide.ts';
import { RpcError } from '../wire/rpc-error.ts';
import type { DownstreamPort, ServerSession } from './downstream-port.ts';
import type { Host } from './host.ts';
import type { ServerDirectory } from './server-directory.ts';
import { isAboutParams, serverError } from './server-error.ts';
import { type WithLoginDeps, withLogin } from './with-login.ts';

export type Members = Readonly<Record<string, unknown>>;

export interface RelayDeps extends WithLoginDeps {
  readonly directory: ServerDirectory;
  readonly downstream: DownstreamPort;
}

export interface RelayedRequest {
  readonly agent: string;
  readonly server: string;
  readonly method: string;
  readonly params: Members;
  /** What the rules were asked about. */
  readonly item?: Item | undefined;
  /** What to do when the server says that the request does not fit. */
  readonly hint?: string | undefined;
}

export interface Relayed {
  /** The server's own result, untouched. */
  readonly result: Members;
  readonly size: number | undefined;
}

/** Permission has been checked by the caller of this function. @throws GatewayError; its cause may be the server's RpcError */
export function relayRequest(deps: RelayDeps, request: RelayedRequest, host: Host): Promise<Relayed> {
  const { method, params } = request;
  return withSession(deps, request, host, ({ connection }) =>
    connection.request(method, params, {
      signal: host.signal,
      host,
      onProgress: ({ progressToken: _ours, ...update }) => host.progress(update),
    }),
  );
}

/** Connects, and logs in where that is needed. @throws as `relayRequest` does */
export async function withSession<T>(
  deps: RelayDeps,
  { agent, server, item, hint }: Pick<RelayedRequest, 'agent' | 'server' | 'item' | 'hint'>,
  host: Host,
  work: (session: ServerSession) => Promise<T>,
): Promise<T> {
  deps.directory.usable(agent, server);
  return await withLogin(deps, { agent, server, item }, host, async (session) => {
    try {
      return await work(session);
    } catch (error) {
      throw error instanceof RpcError ? serverError(error, { server }, hint) : error;
    }
  });
}

/** Whether the server knows no such thing; another one may. */
export function saysNotFound(error: unknown): boolean {
  const { cause } = error instanceof GatewayError ? error : { cause: error };
  return cause instanceof RpcError && isAboutParams(cause);
}
