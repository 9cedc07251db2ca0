// Owns getting from an entry to an open connection: one deadline, the fallback between transports, and cleaning up
// behind every attempt that failed.
import type { ServerEntry } from '../config/server-entry.ts';
import { GatewayError, LoginRequiredError } from '../errors.ts';
import { orAborted } from '../lib/or-aborted.ts';
import { RequestTimeoutError } from '../wire/rpc-error.ts';
import { Connection } from './connection.ts';
import type { DownstreamDeps } from './downstream-deps.ts';
import { translateError } from './downstream-errors.ts';
import { modernVersion } from './modern-era.ts';
import { chooseChannel } from './open-channel.ts';
import type { ServerChannel } from './server-channel.ts';

export interface OpenOptions {
  readonly signal?: AbortSignal | undefined;
  /** The server was of the modern era when it was last asked. */
  readonly isModern?: boolean | undefined;
  /** Told of every channel before it starts, for whoever may have to end it at once. */
  readonly onChannel?: ((channel: ServerChannel) => void) | undefined;
}

/**
 * @throws GatewayError SERVER_UNAVAILABLE | TIMEOUT | CANCELLED | CONFIG_INVALID | AUTH_…; LoginRequiredError as the
 * fetch threw it
 */
export async function openConnection(
  deps: DownstreamDeps,
  entry: ServerEntry,
  { signal, isModern, onChannel }: OpenOptions = {},
): Promise<Connection> {
  checkUrl(entry);
  const deadline = new AbortController();
  const { connectTimeoutMs } = entry;
  const timer = setTimeout(() => deadline.abort(new RequestTimeoutError(connectTimeoutMs)), connectTimeoutMs);
  const limits = signal ? AbortSignal.any([signal, deadline.signal]) : deadline.signal;
  const choice = chooseChannel(deps, entry);
  let channel = choice.open();
  try {
    try {
      return await openOn(deps, entry, channel, { limits, isModern, onChannel });
    } catch (error) {
      const second = limits.aborted ? undefined : choice.fallback?.(error);
      if (!second) throw error;
      channel = second;
      return await openOn(deps, entry, second, { limits, isModern, onChannel }).catch((secondError: unknown) => {
        if (limits.aborted || secondError instanceof LoginRequiredError) throw secondError;
        deps.log.debug({ server: entry.name, err: secondError }, 'legacy SSE did not work either');
        // The first cause is the true one: the second attempt was a guess.
        throw error;
      });
    }
  } catch (error) {
    const describeEnd = () => channel.describeEnd?.();
    const doing = entry.protocol === modernVersion ? 'server/discover' : 'initialize';
    throw translateError(error, { entry, doing, limitKey: 'connectTimeoutMs', signal, describeEnd });
  } finally {
    clearTimeout(timer);
  }
}

interface AttemptOptions {
  readonly limits: AbortSignal;
  readonly isModern: boolean | undefined;
  readonly onChannel: OpenOptions['onChannel'];
}

async function openOn(
  deps: DownstreamDeps,
  entry: ServerEntry,
  channel: ServerChannel,
  { limits, isModern, onChannel }: AttemptOptions,
): Promise<Connection> {
  limits.throwIfAborted();
  onChannel?.(channel);
  const connection = new Connection(deps, entry, channel);
  try {
    await orAborted(connection.open(limits, isModern), limits);
    return connection;
  } catch (error) {
    // Not waited for: ending a process may take seconds, and the caller's time is up. `close` is safe to call again.
    connection.close().catch((err: unknown) => deps.log.debug({ server: entry.name, err }, 'closing failed'));
    throw error;
  }
}

/** @throws GatewayError CONFIG_INVALID */
function checkUrl(entry: ServerEntry): void {
  if (entry.kind !== 'http') return;
  const url = URL.canParse(entry.url) ? new URL(entry.url) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return;
  const message = `server '${entry.name}' has no usable URL: '${entry.url.slice(0, 200)}'`;
  const hint = 'write "url" as http:// or https:// and a host';
  throw new GatewayError('CONFIG_INVALID', message, { server: entry.name, hint });
}
