// Owns what revision 2026-07-28 asks of every request, and the opening of a conversation in it: there is no handshake,
// each request says what `initialize` said once. Knows nothing of transports; the SDK's derives its headers from `_meta`.
import type { ServerEntry } from '../config/server-entry.ts';
import { GatewayError } from '../errors.ts';
import type { Peer } from '../wire/peer.ts';
import { RpcError, rpcCodes } from '../wire/rpc-error.ts';
import type { ConnectionInfo } from './handshake.ts';
import { HttpStatusError, quote } from './http-answer-errors.ts';
import type { ServerChannel } from './server-channel.ts';

export const modernVersion = '2026-07-28';

/** Error codes of 2026-07-28 (schema, error codes): headers and body disagree, the revision is not supported. */
const modernCodes = { headerMismatch: -32020, unsupportedVersion: -32022 } as const;

type Params = Record<string, unknown>;

/** `params` with the members of `_meta` that every request carries (2026-07-28, basic, `_meta`). */
export function withModernMeta(params: Params, version: string): Params {
  const given = params['_meta'];
  return {
    ...params,
    _meta: {
      ...(typeof given === 'object' ? given : undefined),
      'io.modelcontextprotocol/protocolVersion': modernVersion,
      'io.modelcontextprotocol/clientInfo': { name: 'portico', title: 'Portico', version },
      // No capability is offered: nothing here could serve it yet.
      'io.modelcontextprotocol/clientCapabilities': {},
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
    return (error.status === 400 || error.status === 404) && error.body.includes('"jsonrpc"');
  }
  const codes: readonly number[] = [rpcCodes.methodNotFound, rpcCodes.invalidParams, ...Object.values(modernCodes)];
  return error instanceof RpcError && codes.includes(error.code);
}

/** `server/discover` in place of a handshake. @throws GatewayError SERVER_UNAVAILABLE, and what `Peer.request` throws */
export async function discoverServer(
  peer: Peer,
  channel: ServerChannel,
  entry: ServerEntry,
  options: { readonly version: string; readonly signal?: AbortSignal | undefined; readonly timeoutMs: number },
): Promise<ConnectionInfo> {
  channel.enterModernEra?.();
  const ask = async (): Promise<unknown> =>
    (await peer.request('server/discover', withModernMeta({}, options.version), options)).result;
  const result = await ask().catch((error: unknown) => {
    // What it refuses here it says it supports: asked once more it may (2026-07-28, Protocol Version Negotiation).
    if (offersModern(error)) return ask();
    throw error;
  });
  return judgeDiscover(result, entry, channel.transport);
}

function offersModern(error: unknown): boolean {
  if (!(error instanceof RpcError) || error.code !== modernCodes.unsupportedVersion) return false;
  const supported = asRecord(error.data)['supported'];
  return Array.isArray(supported) && supported.includes(modernVersion);
}

function judgeDiscover(result: unknown, entry: ServerEntry, transport: ServerChannel['transport']): ConnectionInfo {
  const answer = asRecord(result);
  const supported = answer['supportedVersions'];
  if (!Array.isArray(supported) || !supported.includes(modernVersion)) {
    const said = quote(JSON.stringify(supported) ?? 'none');
    const message = `server '${entry.name}' supports the protocol versions ${said}, none of which is spoken here without a handshake`;
    const hint = `it has to offer ${modernVersion}, or answer initialize`;
    throw new GatewayError('SERVER_UNAVAILABLE', message, { server: entry.name, hint });
  }
  const instructions = answer['instructions'];
  return {
    transport,
    protocolVersion: modernVersion,
    serverInfo: asRecord(asRecord(answer['_meta'])['io.modelcontextprotocol/serverInfo']),
    instructions: typeof instructions === 'string' ? instructions : undefined,
    capabilities: asRecord(answer['capabilities']),
  };
}

/** @throws GatewayError SERVER_UNAVAILABLE where the result is a question to the host and no result yet */
export function refuseQuestions(entry: ServerEntry, tool: string, result: Params): void {
  if (result['resultType'] !== 'input_required') return;
  const message = `server '${entry.name}' asks for input before tool '${tool}' can go on, which cannot be passed to the host yet`;
  throw new GatewayError('SERVER_UNAVAILABLE', message, { server: entry.name, tool });
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
