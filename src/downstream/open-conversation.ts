// Owns which era a conversation is opened in: pinned, known from before, or found out. Judges no transport.
import type { ServerEntry } from '../config/server-entry.ts';
import { GatewayError, LoginRequiredError } from '../errors.ts';
import type { Peer } from '../wire/peer.ts';
import { type ConnectionInfo, handshake, type OpeningOptions } from './handshake.ts';
import { quote } from './http-answer-errors.ts';
import { discoverServer, modernVersion, refusesDiscover, refusesInitialize } from './modern-era.ts';
import type { ServerChannel } from './server-channel.ts';

export interface ConversationOptions extends OpeningOptions {
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
  const discover = () => discoverServer(peer, channel, entry, options);
  if (entry.protocol === modernVersion) {
    return await discover().catch((error: unknown) => {
      throw refusesDiscover(error) ? pinInVain(entry, error) : error;
    });
  }
  if (entry.protocol === 'auto' && options.isModern && channel.transport === 'http') {
    try {
      return await discover();
    } catch (error) {
      // A server that was exchanged for an older one is found out anew.
      if (!refusesDiscover(error)) throw error;
    }
  }
  try {
    return await handshake(peer, channel, entry, options);
  } catch (error) {
    if (entry.protocol !== 'auto' || channel.transport !== 'http' || !refusesInitialize(error)) throw error;
    return await discover().catch((second: unknown) => {
      throw second instanceof LoginRequiredError ? second : error;
    });
  }
}

function pinInVain(entry: ServerEntry, error: unknown): GatewayError {
  const said = quote(error instanceof Error ? error.message : String(error));
  const message = `server '${entry.name}' refused server/discover, with which revision ${modernVersion} begins: ${said}`;
  const hint = `if it speaks an earlier revision, set "protocol" of '${entry.name}' to "auto"`;
  return new GatewayError('SERVER_UNAVAILABLE', message, { server: entry.name, hint, cause: error });
}
