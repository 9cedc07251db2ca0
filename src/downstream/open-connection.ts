// Owns getting from an entry to an open connection: one deadline, the second attempt where the first one asks for it, and
// cleaning up behind every attempt that failed.
import type { ServerEntry } from '../config/server-entry.ts';
import { GatewayError, LoginRequiredError } from '../errors.ts';
import { later as realLater } from '../lib/later.ts';
import { orAborted } from '../lib/or-aborted.ts';
import { RequestTimeoutError } from '../wire/rpc-error.ts';
import { Connection } from './connection.ts';
import type { DownstreamDeps } from './downstream-deps.ts';
import { translateError } from './downstream-errors.ts';
import { type Attempt, chooseChannel } from './open-channel.ts';
import type { Opening } from './open-conversation.ts';
import type { ServerChannel } from './server-channel.ts';

export interface OpenOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told of every channel before it starts, for whoever may have to end it at once. */
  readonly onChannel?: ((channel: ServerChannel) => void) | undefined;
}

/** What is known of a conversation that could not be opened. */
interface Failure {
  readonly error: unknown;
  readonly channel: ServerChannel;
  readonly doing: string;
}

/**
 * @throws GatewayError SERVER_UNAVAILABLE | TIMEOUT | CANCELLED | CONFIG_INVALID | AUTH_…; LoginRequiredError as the
 * fetch threw it
 */
export async function openConnection(
  deps: DownstreamDeps,
  entry: ServerEntry,
  { signal, onChannel }: OpenOptions = {},
): Promise<Connection> {
  checkUrl(entry);
  const deadline = new AbortController();
  const { connectTimeoutMs } = entry;
  const { later = realLater } = deps;
  const cancel = later(() => deadline.abort(new RequestTimeoutError(connectTimeoutMs)), connectTimeoutMs);
  const limits = signal ? AbortSignal.any([signal, deadline.signal]) : deadline.signal;
  try {
    const opened = await openInTurn(deps, entry, { limits, onChannel });
    if (opened instanceof Connection) return opened;
    const { error, channel, doing } = opened;
    const describeEnd = () => channel.describeEnd?.();
    throw translateError(error, { entry, doing, limitKey: 'connectTimeoutMs', signal, describeEnd });
  } finally {
    cancel();
  }
}

interface AttemptOptions {
  readonly limits: AbortSignal;
  readonly onChannel: OpenOptions['onChannel'];
}

/** One attempt, and where that failed in a way that says so, a second one of another kind. */
async function openInTurn(
  deps: DownstreamDeps,
  entry: ServerEntry,
  options: AttemptOptions,
): Promise<Connection | Failure> {
  const choice = chooseChannel(deps, entry);
  const isLegacy = entry.protocol === 'auto' && (await deps.eras?.recall(entry)) === 'legacy';
  const first = choice.first(isLegacy ? 'initialize' : 'server/discover');
  const opened = await openOn(deps, entry, first, options);
  if (opened instanceof Connection || options.limits.aborted) return opened;
  const second = choice.second?.(opened.error, first);
  if (!second) return opened;
  // One process of a server at a time: the next may need the files or the port of this one.
  // Where the time is up meanwhile, the second attempt says so.
  await orAborted(first.channel.close(), options.limits).catch(() => undefined);
  const reopened = await openOn(deps, entry, second, options);
  if (reopened instanceof Connection) {
    // The first question was what this server does not bear.
    if (first.begin === 'server/discover') deps.eras?.keep(entry, 'legacy');
    return reopened;
  }
  if (!second.isGuess || options.limits.aborted || reopened.error instanceof LoginRequiredError) return reopened;
  deps.log.debug({ server: entry.name, err: reopened.error }, 'the other way to begin did not work either');
  return opened;
}

async function openOn(
  deps: DownstreamDeps,
  entry: ServerEntry,
  { channel, begin }: Attempt,
  { limits, onChannel }: AttemptOptions,
): Promise<Connection | Failure> {
  let doing: Opening = begin;
  let connection: Connection | undefined;
  try {
    limits.throwIfAborted();
    onChannel?.(channel);
    connection = new Connection(deps, entry, channel);
    const onAsk = (method: Opening): void => {
      doing = method;
    };
    await orAborted(connection.open(limits, { begin, onAsk }), limits);
    return connection;
  } catch (error) {
    // Not waited for: ending a process may take seconds, and the caller's time is up. `close` is safe to call again.
    connection?.close().catch((err: unknown) => deps.log.debug({ server: entry.name, err }, 'closing failed'));
    return { error, channel, doing };
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
