// Owns the opening of a conversation in the revisions up to 2025-11-25: `initialize`, `notifications/initialized`.

import type { ServerEntry } from '../config/server-entry.ts';
import { GatewayError } from '../errors.ts';
import { membersOf } from '../lib/members.ts';
import { type CallHost, offeredTo } from '../wire/call-host.ts';
import type { Peer } from '../wire/peer.ts';
import { HttpStatusError, quote } from './http-answer-errors.ts';
import type { ServerChannel } from './server-channel.ts';

/** Newest first. */
const spokenVersions = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const;

export interface ConnectionInfo {
  readonly transport: ServerChannel['transport'];
  readonly protocolVersion: string;
  readonly serverInfo: Readonly<Record<string, unknown>>;
  readonly instructions: string | undefined;
  readonly capabilities: Readonly<Record<string, unknown>>;
}

export interface OpeningOptions {
  readonly version: string;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs: number;
  /** Nothing is offered to a server that the host does not offer. */
  readonly host?: CallHost | undefined;
}

/** @throws GatewayError CONFIG_INVALID | SERVER_UNAVAILABLE no common revision; and what `Peer.request` throws */
export async function handshake(
  peer: Peer,
  channel: ServerChannel,
  entry: ServerEntry,
  options: OpeningOptions,
): Promise<ConnectionInfo> {
  try {
    return await shakeHands(peer, channel, entry, options);
  } catch (error) {
    // `notifications/initialized` alone has a session: one that was forgotten since `initialize` gave it.
    if (!(error instanceof HttpStatusError && error.hadSession && error.status === 404)) throw error;
    return await shakeHands(peer, channel, entry, options);
  }
}

async function shakeHands(
  peer: Peer,
  channel: ServerChannel,
  entry: ServerEntry,
  options: OpeningOptions,
): Promise<ConnectionInfo> {
  const protocolVersion = askedVersion(entry);
  channel.setModern?.(false);
  const clientInfo = { name: 'portico', title: 'Portico', version: options.version };
  const capabilities = offeredTo(options.host);
  const { result } = await peer.request('initialize', { protocolVersion, capabilities, clientInfo }, options);
  const info = judgeInitialize(result, entry, channel.transport);
  channel.setProtocolVersion?.(info.protocolVersion);
  await peer.notify('notifications/initialized');
  return info;
}

function askedVersion(entry: ServerEntry): string {
  if (entry.protocol === 'auto') return spokenVersions[0];
  if (isSpoken(entry.protocol)) return entry.protocol;
  const message = `server '${entry.name}' is pinned to protocol ${entry.protocol}, which is not spoken here`;
  const hint = `set "protocol" to "auto" or one of ${spokenVersions.join(', ')}`;
  throw new GatewayError('CONFIG_INVALID', message, { server: entry.name, hint });
}

/** Takes what the server said about itself, as far as it has the right form. */
function judgeInitialize(result: unknown, entry: ServerEntry, transport: ServerChannel['transport']): ConnectionInfo {
  const answer = membersOf(result);
  const version = answer['protocolVersion'];
  if (typeof version !== 'string' || !isSpoken(version)) {
    const said = quote(JSON.stringify(version) ?? 'nothing');
    const message = `server '${entry.name}' answered initialize with protocol version ${said}, which is not spoken here`;
    const hint = `it has to offer one of ${spokenVersions.join(', ')}`;
    throw new GatewayError('SERVER_UNAVAILABLE', message, { server: entry.name, hint });
  }
  const instructions = answer['instructions'];
  return {
    transport,
    protocolVersion: version,
    serverInfo: membersOf(answer['serverInfo']),
    instructions: typeof instructions === 'string' ? instructions : undefined,
    capabilities: membersOf(answer['capabilities']),
  };
}

function isSpoken(version: string): boolean {
  return (spokenVersions as readonly string[]).includes(version);
}
