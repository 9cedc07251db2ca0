// Owns what one host has said of itself, and the `Host` that each of its calls is given.
import { randomUUID } from 'node:crypto';
import type { Host } from '../gateway/host.ts';
import type { LogPort } from '../lib/log-port.ts';
import { type Members, membersOf } from '../lib/members.ts';
import type { CallHost } from '../wire/call-host.ts';
import type { IncomingRequest, Peer } from '../wire/peer.ts';
import { RpcError, rpcCodes } from '../wire/rpc-error.ts';
import type { HostSubscriptions } from './host-subscriptions.ts';
import { isWanted, type RequestMeta } from './request-meta.ts';

/** How long a human may think about a question. Milliseconds. */
const questionMs = 60 * 60_000;
/** How long the host may take to say whether its user opens a URL. Milliseconds. */
const offerMs = 10 * 60_000;

/** Puts a server's question to a host that answers by calling again (2026-07-28). */
export type AskInRounds = CallHost['ask'];

export class HostSession {
  readonly #peer: Peer;
  readonly #subscriptions: HostSubscriptions;
  readonly #log: LogPort;
  #capabilities: Members = {};
  #logLevel: string | undefined;
  #isModern = false;
  #clientName: string | undefined;
  /** What `initialize` said, whatever requests of 2026-07-28 say on the same channel. */
  #handshake: { readonly capabilities: Members; readonly clientName: string | undefined } | undefined;

  constructor(peer: Peer, subscriptions: HostSubscriptions, log: LogPort) {
    this.#peer = peer;
    this.#subscriptions = subscriptions;
    this.#log = log;
  }

  /** Takes the params of `initialize`. */
  introduce({ capabilities, clientInfo }: Members): void {
    this.#handshake = { capabilities: membersOf(capabilities), clientName: nameIn(clientInfo) };
    this.resumeHandshake();
  }

  /** A request without a revision: the host goes on as it began, also after it looked whether 2026-07-28 is known. */
  resumeHandshake(): void {
    if (!this.#handshake) return;
    ({ capabilities: this.#capabilities, clientName: this.#clientName } = this.#handshake);
    this.#isModern = false;
  }

  /** Takes what a request of 2026-07-28 says. Whether that is news. */
  introduceModern({ capabilities, clientInfo }: NonNullable<RequestMeta['modern']>): boolean {
    if (this.#isModern && JSON.stringify(capabilities) === JSON.stringify(this.#capabilities)) return false;
    this.#capabilities = capabilities;
    this.#clientName = nameIn(clientInfo);
    this.#isModern = true;
    return true;
  }

  setLogLevel(level: string): void {
    this.#logLevel = level;
  }

  /** The host outside of any call. */
  atLarge(): CallHost {
    // Read when asked: the host may say more of itself later.
    const session = (): Pick<CallHost, 'capabilities' | 'logLevel' | 'clientName'> => ({
      capabilities: this.#capabilities,
      logLevel: this.#logLevel,
      clientName: this.#clientName,
    });
    return {
      get clientName() {
        return session().clientName;
      },
      get capabilities() {
        return session().capabilities;
      },
      get logLevel() {
        return session().logLevel;
      },
      meta: {},
      takesQuestions: false,
      ask: async (method, params, { signal }) => {
        // 2026-07-28 knows no requests of a server; outside of a call there is nobody to ask.
        if (this.#isModern) throw nobodyToAsk(method);
        return await this.#ask(method, params, signal);
      },
      notify: (method, params) => this.#notify(method, params, this.#logLevel),
    };
  }

  hostOf({ id, params, signal }: IncomingRequest, meta: RequestMeta): Host {
    const capabilities = this.#handshake?.capabilities ?? this.#capabilities;
    const answers = answersIn(params);
    return {
      requestId: String(id),
      signal,
      capabilities,
      meta: meta.passed,
      logLevel: this.#logLevel,
      takesQuestions: false,
      ask: (method, given, options) => this.#ask(method, given, options.signal),
      notify: (method, given) => this.#notify(method, given, this.#logLevel),
      progress: this.#progressOf(() => meta.progressToken),
      offerUrl: (url, message, done) => {
        if ('url' in membersOf(capabilities['elicitation'])) void this.#offerUrl(url, message, done);
      },
      ...(answers && { answers }),
    };
  }

  /** The same for a call of 2026-07-28; `tokenOf`: the progress token of its present round. */
  modernHostOf(
    { id, params }: IncomingRequest,
    { passed, modern }: RequestMeta,
    round: { readonly signal: AbortSignal; tokenOf(): unknown; readonly ask: AskInRounds },
  ): Host {
    const { capabilities = {}, logLevel } = modern ?? {};
    const answers = answersIn(params);
    return {
      requestId: String(id),
      signal: round.signal,
      capabilities,
      meta: passed,
      logLevel,
      takesQuestions: true,
      ask: round.ask,
      // Without a level nothing is wanted (2026-07-28, server/utilities/logging).
      notify: (method, given) => {
        if (logLevel !== undefined || method !== 'notifications/message') this.#notify(method, given, logLevel);
      },
      progress: this.#progressOf(() => round.tokenOf()),
      // The answer to the call has the URL; a question would keep the call from answering.
      offerUrl: () => undefined,
      ...(answers && { answers }),
    };
  }

  #progressOf(tokenOf: () => unknown): Host['progress'] {
    return (update) => {
      const progressToken = tokenOf();
      if (progressToken !== undefined) void this.#peer.notify('notifications/progress', { ...update, progressToken });
    };
  }

  async #ask(method: string, params: Members, signal: AbortSignal): Promise<unknown> {
    if (!this.#handshake) throw nobodyToAsk(method);
    return (await this.#peer.request(method, params as Record<string, unknown>, { signal, timeoutMs: questionMs }))
      .result;
  }

  #notify(method: string, params: Members, logLevel: string | undefined): void {
    if (method === 'notifications/message' && logLevel !== undefined && !isWanted(params['level'], logLevel)) return;
    if (this.#subscriptions.takes(method)) this.#subscriptions.notify(method, params, this.#isModern);
    else void this.#peer.notify(method, params as Record<string, unknown>);
  }

  /** Elicitation in URL mode (2025-11-25, client/elicitation). What the user answers changes nothing: the URL stays open. */
  async #offerUrl(url: string, message: string, done: Promise<unknown>): Promise<void> {
    const elicitationId = randomUUID();
    void done.then(
      () => this.#peer.notify('notifications/elicitation/complete', { elicitationId }),
      () => undefined,
    );
    try {
      await this.#peer.request(
        'elicitation/create',
        { mode: 'url', elicitationId, url, message },
        { timeoutMs: offerMs },
      );
    } catch (error) {
      this.#log.debug({ err: error }, 'the host did not take the URL');
    }
  }
}

function nobodyToAsk(method: string): RpcError {
  return new RpcError(rpcCodes.methodNotFound, `no call is running that could ask ${method}`);
}

function nameIn(clientInfo: unknown): string | undefined {
  const { name } = membersOf(clientInfo);
  return typeof name === 'string' ? name : undefined;
}

function answersIn({ inputResponses, requestState }: Members): Host['answers'] {
  if (inputResponses === undefined && requestState === undefined) return undefined;
  return {
    ...(inputResponses !== undefined && { inputResponses }),
    ...(requestState !== undefined && { requestState }),
  };
}
