// Owns what revision 2026-07-28 asks of every request, and the opening of a conversation in it: there is no handshake,
// each request says what `initialize` said once. Knows nothing of transports; the SDK's derives its headers from `_meta`.

import type { ServerEntry } from '../config/server-entry.ts';
import { GatewayError } from '../errors.ts';
import { membersOf } from '../lib/members.ts';
import { type CallHost, offeredTo } from '../wire/call-host.ts';
import type { Peer } from '../wire/peer.ts';
import type { Answer } from '../wire/pending-request.ts';
import { RpcError, rpcCodes } from '../wire/rpc-error.ts';
import type { ConnectionInfo, OpeningOptions } from './handshake.ts';
import { HttpStatusError, quote } from './http-answer-errors.ts';
import type { ServerChannel } from './server-channel.ts';

export const modernVersion = '2026-07-28';

/** Error codes of 2026-07-28 (schema, error codes): headers and body disagree, the revision is not supported. */
const modernCodes = { headerMismatch: -32020, unsupportedVersion: -32022 } as const;
const reservedCodes: readonly number[] = Object.values(modernCodes);

type Params = Record<string, unknown>;

/** `params` with the members of `_meta` that every request carries (2026-07-28, basic, `_meta`). */
export function withModernMeta(params: Params, version: string, host?: CallHost): Params {
  const given = params['_meta'];
  return {
    ...params,
    _meta: {
      ...host?.meta,
      ...(typeof given === 'object' ? given : undefined),
      'io.modelcontextprotocol/protocolVersion': modernVersion,
      'io.modelcontextprotocol/clientInfo': { name: 'portico', title: 'Portico', version },
      'io.modelcontextprotocol/clientCapabilities': offeredTo(host),
      ...(host?.logLevel !== undefined && { 'io.modelcontextprotocol/logLevel': host.logLevel }),
    },
  };
}

/**
 * Whether a server that refused `initialize` like this may be one of the modern era (2026-07-28, Streamable HTTP,
 * Backward Compatibility). A 401 or 403 never says so: that is about the login.
 */
export function refusesInitialize(error: unknown): boolean {
  if (error instanceof HttpStatusError) {
    // Its refusals are JSON-RPC errors; a 400 or 404 in other words is an address without any MCP.
    return (error.status === 400 || error.status === 404) && error.rpcCode !== undefined;
  }
  const codes: readonly number[] = [rpcCodes.methodNotFound, rpcCodes.invalidParams, ...reservedCodes];
  return error instanceof RpcError && codes.includes(error.code);
}

/** What a server supports is spoken nowhere here without a handshake. */
export class NoCommonRevisionError extends GatewayError {
  /** It names revisions, and all are later than those that begin with a handshake. */
  readonly isModern: boolean;

  constructor(entry: ServerEntry, supported: unknown) {
    const said = quote(JSON.stringify(supported) ?? 'none');
    const message = `server '${entry.name}' supports the protocol versions ${said}, none of which is spoken here without a handshake`;
    const hint = `it has to offer ${modernVersion}, or answer initialize`;
    super('SERVER_UNAVAILABLE', message, { server: entry.name, hint });
    this.name = 'NoCommonRevisionError';
    const named = Array.isArray(supported) ? supported.filter((one) => typeof one === 'string') : [];
    this.isModern = named.length > 0 && named.every((version) => version > modernVersion);
  }
}

/** Whether a request was refused for its headers, before it was run (2026-07-28, Streamable HTTP, Server Validation). */
export function isHeaderMismatch(error: unknown): boolean {
  return error instanceof RpcError && error.code === modernCodes.headerMismatch;
}

/** Whether an answer to `server/discover` says that there is a server, and that it will not have the question. */
export function refusesDiscover(error: unknown): boolean {
  if (error instanceof HttpStatusError) return error.status === 400 || error.rpcCode !== undefined;
  return error instanceof RpcError;
}

/**
 * Whether a server that answered before is of another era now: it was exchanged, or updated. `unread`: the request cannot
 * have run.
 */
export function judgeEra(error: unknown): 'same' | 'other' | 'other, unread' {
  if (error instanceof HttpStatusError && (error.status === 400 || error.status === 404)) {
    const { rpcCode, isModern } = error;
    // An error answer to a modern request names the request; this one was written by a server that did not read it.
    const isRefused = isModern ? rpcCode !== undefined : reservedCodes.includes(rpcCode ?? 0);
    return isRefused ? 'other, unread' : 'same';
  }
  // A server that relays calls may pass this on from one behind it, after it did its own work.
  return supportedVersions(error) === undefined ? 'same' : 'other';
}

/** @throws NoCommonRevisionError; and what `Peer.request` throws */
export async function discoverServer(
  peer: Peer,
  channel: ServerChannel,
  entry: ServerEntry,
  options: OpeningOptions,
): Promise<ConnectionInfo> {
  channel.setModern?.(true);
  const params = withModernMeta({}, options.version, options.host);
  const ask = (): Promise<Answer> => peer.request('server/discover', params, options);
  const { result } = await ask().catch((error: unknown) => {
    const supported = supportedVersions(error);
    if (supported === undefined) throw error;
    checkSupported(supported, entry);
    // It supports what it has just refused: what it says counts, once (2026-07-28, Protocol Version Negotiation).
    return ask();
  });
  return judgeDiscover(result, entry, channel.transport);
}

function judgeDiscover(result: unknown, entry: ServerEntry, transport: ServerChannel['transport']): ConnectionInfo {
  const answer = membersOf(result);
  checkSupported(answer['supportedVersions'], entry);
  const instructions = answer['instructions'];
  return {
    transport,
    protocolVersion: modernVersion,
    serverInfo: membersOf(membersOf(answer['_meta'])['io.modelcontextprotocol/serverInfo']),
    instructions: typeof instructions === 'string' ? instructions : undefined,
    capabilities: membersOf(answer['capabilities']),
  };
}

/** The list in an error "unsupported protocol version". */
function supportedVersions(error: unknown): readonly unknown[] | undefined {
  if (!(error instanceof RpcError) || error.code !== modernCodes.unsupportedVersion) return undefined;
  const supported = membersOf(error.data)['supported'];
  return Array.isArray(supported) ? supported : undefined;
}

/** @throws NoCommonRevisionError */
function checkSupported(supported: unknown, entry: ServerEntry): void {
  if (Array.isArray(supported) && supported.includes(modernVersion)) return;
  throw new NoCommonRevisionError(entry, supported);
}
