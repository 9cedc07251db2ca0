// Owns which era a conversation is opened in: pinned, known from before, or found out. Judges no transport and starts no
// process: one that ended at its first request is replaced by whoever holds the channel.
import type { ServerEntry } from '../config/server-entry.ts';
import { GatewayError, LoginRequiredError } from '../errors.ts';
import type { Peer } from '../wire/peer.ts';
import { RpcError } from '../wire/rpc-error.ts';
import type { Era } from './era-memory.ts';
import { type ConnectionInfo, handshake, type OpeningOptions } from './handshake.ts';
import { quote } from './http-answer-errors.ts';
import { judgeDiscoverFailure } from './judge-discover.ts';
import { discoverServer, modernVersion, refusesDiscover, refusesInitialize } from './modern-era.ts';
import type { ServerChannel } from './server-channel.ts';

/** The first request of a conversation. */
export type Opening = 'initialize' | 'server/discover';

export interface ConversationOptions extends OpeningOptions {
  /** With what to begin where the entry leaves it open; absent: `initialize`. */
  readonly begin?: Opening | undefined;
  /** Told what is asked, each time. */
  readonly onAsk?: ((method: Opening) => void) | undefined;
}

export interface OpenedConversation {
  readonly info: ConnectionInfo;
  /** What was found out about the server on the way; absent where nothing was. */
  readonly era?: Era | undefined;
}

/** How long a local server may be silent about `server/discover` before it is asked `initialize` as well. */
const patienceMs = 3000;

interface Questions {
  readonly discover: (signal?: AbortSignal) => Promise<ConnectionInfo>;
  readonly initialize: () => Promise<ConnectionInfo>;
}

/** @throws what `handshake` and `discoverServer` throw */
export async function openConversation(
  peer: Peer,
  channel: ServerChannel,
  entry: ServerEntry,
  options: ConversationOptions,
): Promise<OpenedConversation> {
  const questions: Questions = {
    discover: (signal = options.signal) => {
      options.onAsk?.('server/discover');
      return discoverServer(peer, channel, entry, { ...options, signal });
    },
    initialize: () => {
      options.onAsk?.('initialize');
      return handshake(peer, channel, entry, options);
    },
  };
  if (entry.protocol === modernVersion) return { info: await discoverPinned(entry, questions) };
  if (entry.protocol !== 'auto' || channel.transport === 'sse') return { info: await questions.initialize() };
  const isHttp = channel.transport === 'http';
  if (options.begin === 'server/discover') {
    return isHttp ? await discoverFirst(questions) : await discoverInPlace(questions, options);
  }
  return isHttp ? await initializeFirst(questions) : { info: await questions.initialize() };
}

async function discoverPinned(entry: ServerEntry, { discover }: Questions): Promise<ConnectionInfo> {
  try {
    return await discover();
  } catch (error) {
    throw refusesDiscover(error) ? pinInVain(entry, error) : error;
  }
}

/** Of two refusals the first counts. */
async function initializeFirst({ discover, initialize }: Questions): Promise<OpenedConversation> {
  try {
    return { info: await initialize() };
  } catch (error) {
    if (!refusesInitialize(error)) throw error;
    try {
      return { info: await discover(), era: 'modern' };
    } catch (second) {
      throw second instanceof LoginRequiredError ? second : error;
    }
  }
}

/** Of two refusals that of `initialize` counts: nearly every server that refuses both knows that one alone. */
async function discoverFirst({ discover, initialize }: Questions): Promise<OpenedConversation> {
  let verdict: ReturnType<typeof judgeDiscoverFailure>;
  try {
    return { info: await discover(), era: 'modern' };
  } catch (error) {
    verdict = judgeDiscoverFailure(error, 'http');
    if (verdict === 'final') throw error;
  }
  if (verdict === 'unclear') return await initializeFirst({ discover, initialize });
  return { info: await initialize(), era: 'legacy' };
}

/**
 * The same process is asked both, as the specification has it (2026-07-28, stdio, Backward Compatibility). Silence has two
 * meanings: the server ignores what it does not know, or it is still being started. So `initialize` follows, and the
 * first question stays open until there is an answer to that.
 */
async function discoverInPlace(
  { discover, initialize }: Questions,
  options: ConversationOptions,
): Promise<OpenedConversation> {
  const decided = new AbortController();
  const discovering = outcomeOf(
    discover(options.signal ? AbortSignal.any([options.signal, decided.signal]) : decided.signal),
  );
  let heard: Outcome | undefined;
  void discovering.then((outcome) => {
    heard = outcome;
  });
  try {
    await settledWithin(discovering, Math.min(patienceMs, options.timeoutMs / 3));
    if (heard?.kind === 'info') return { info: heard.info, era: 'modern' };
    if (heard?.kind === 'error' && judgeDiscoverFailure(heard.error, 'stdio') === 'final') throw heard.error;
    const info = await initialize();
    // It read both, and holds the conversation that was opened last; the next one begins with the first question.
    return { info, era: isInfo(heard) ? 'modern' : 'legacy' };
  } catch (error) {
    if (!(error instanceof RpcError) || heard?.kind === 'error') throw error;
    const outcome = await discovering;
    if (outcome.kind === 'info') return { info: outcome.info, era: 'modern' };
    throw error;
  } finally {
    decided.abort(new Error('the era is known'));
  }
}

type Outcome =
  | { readonly kind: 'info'; readonly info: ConnectionInfo }
  | { readonly kind: 'error'; readonly error: unknown };

async function outcomeOf(asking: Promise<ConnectionInfo>): Promise<Outcome> {
  try {
    return { kind: 'info', info: await asking };
  } catch (error) {
    return { kind: 'error', error };
  }
}

/** Apart, since the compiler does not see that the variable changes while something is awaited. */
function isInfo(outcome: Outcome | undefined): boolean {
  return outcome?.kind === 'info';
}

async function settledWithin(work: Promise<unknown>, limitMs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, limitMs);
    void work.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function pinInVain(entry: ServerEntry, error: unknown): GatewayError {
  const said = quote(error instanceof Error ? error.message : String(error));
  const message = `server '${entry.name}' refused server/discover, with which revision ${modernVersion} begins: ${said}`;
  const hint = `if it speaks an earlier revision, set "protocol" of '${entry.name}' to "auto"`;
  return new GatewayError('SERVER_UNAVAILABLE', message, { server: entry.name, hint, cause: error });
}
