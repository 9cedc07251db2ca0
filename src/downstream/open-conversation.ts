// Owns which era a conversation is opened in: pinned, known from before, or found out. Judges no transport.
import type { ServerEntry } from '../config/server-entry.ts';
import { LoginRequiredError } from '../errors.ts';
import type { Peer } from '../wire/peer.ts';
import { type ConnectionInfo, handshake } from './handshake.ts';
import { discoverServer, modernVersion, refusesInitialize } from './modern-era.ts';
import type { ServerChannel } from './server-channel.ts';

export interface ConversationOptions {
  readonly version: string;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs: number;
  /** The server was of the modern era when it was last asked. */
  readonly isModern?: boolean | undefined;
}

/**
 * `auto` begins with `initialize`, which nearly every server knows, so that those are asked once; a local command is
 * asked nothing else, since many end at a first message they do not know.
 * @throws what `handshake` and `discoverServer` throw; of two refusals the first
 */
export async function openConversation(
  peer: Peer,
  channel: ServerChannel,
  entry: ServerEntry,
  options: ConversationOptions,
): Promise<ConnectionInfo> {
  if (entry.protocol === modernVersion || (entry.protocol === 'auto' && options.isModern)) {
    return await discoverServer(peer, channel, entry, options);
  }
  try {
    return await handshake(peer, channel, entry, options);
  } catch (error) {
    if (entry.protocol !== 'auto' || channel.transport !== 'http' || !refusesInitialize(error)) throw error;
    return await discoverServer(peer, channel, entry, options).catch((second: unknown) => {
      throw second instanceof LoginRequiredError ? second : error;
    });
  }
}
