// Owns the stream on which a server of 2026-07-28 tells of its changes: opened with a filter, opened anew where it was lost,
// exchanged where the filter changes (2026-07-28, Subscriptions). Knows nothing of what the changes are about.

import { GatewayError } from '../errors.ts';
import type { LogPort } from '../lib/log-port.ts';
import { membersOf } from '../lib/members.ts';
import { sleep } from '../lib/sleep.ts';
import type { RequestId } from '../wire/messages.ts';
import { ConnectionClosedError, RpcError, rpcCodes } from '../wire/rpc-error.ts';
import { HttpStatusError } from './http-answer-errors.ts';
import type { StreamBackoff } from './stream-backoff.ts';

/** `SubscriptionFilter` of the schema. */
export interface ChangeFilter {
  readonly toolsListChanged?: boolean;
  readonly promptsListChanged?: boolean;
  readonly resourcesListChanged?: boolean;
  readonly resourceSubscriptions?: readonly string[];
}

type Params = Readonly<Record<string, unknown>>;

export interface ListenStreamDeps {
  readonly log: LogPort;
  readonly server: string;
  readonly backoff: StreamBackoff;
  /** Sends `subscriptions/listen`; settles when the stream has ended. */
  readonly listen: (
    filter: ChangeFilter,
    options: { readonly signal: AbortSignal; readonly onId: (id: RequestId) => void },
  ) => Promise<unknown>;
  /** There is a stream again; what happened in between is not known. */
  readonly onReopened: (agreed: ChangeFilter) => void;
}

/** One filter, and the streams that are opened with it one after the other. */
interface Listening {
  readonly filter: ChangeFilter;
  readonly end: AbortController;
  /** What the server agreed to, at its first word. */
  readonly opened: Promise<ChangeFilter>;
  readonly agree: (agreed: ChangeFilter) => void;
  readonly fail: (error: unknown) => void;
  isOpened: boolean;
  /** It was open, and is not: what happens now is not heard. */
  isLost: boolean;
  /** The request that is open now. */
  request: { readonly id: RequestId; readonly end: AbortController } | undefined;
}

/** Names the stream in `_meta` of everything that comes on it: the id of the request that opened it. */
export const subscriptionId = 'io.modelcontextprotocol/subscriptionId';

export class ListenStream {
  readonly #deps: ListenStreamDeps;
  /** Oldest first; the older ones end when a newer one is open, so that nothing is missed in between. */
  #running: readonly Listening[] = [];

  constructor(deps: ListenStreamDeps) {
    this.#deps = deps;
  }

  /** It is open, or being opened. */
  get isWanted(): boolean {
    return this.#running.length > 0;
  }

  /**
   * Takes the place of what was open before, as soon as the server has agreed.
   * @returns what the server agreed to
   * @throws RpcError, HttpStatusError the server refuses; GatewayError no login; ConnectionClosedError it was closed
   */
  open(filter: ChangeFilter): Promise<ChangeFilter> {
    const listening = newListening(filter);
    this.#running = [...this.#running, listening];
    void this.#keepOpen(listening);
    return listening.opened;
  }

  /** Hears what the server says about the stream itself; false: it was about something else. */
  notified(method: string, params: Params): boolean {
    if (method === 'notifications/subscriptions/acknowledged') {
      const id = membersOf(params['_meta'])[subscriptionId];
      const listening = this.#running.find(({ request }) => request?.id === id);
      if (listening) this.#agreed(listening, membersOf(params['notifications']));
      return true;
    }
    if (method !== 'notifications/cancelled') return false;
    // A local server has no other way to end a stream early (schema, `CancelledNotification`).
    const ended = this.#running.find(({ request }) => request?.id === params['requestId']);
    ended?.request?.end.abort(new ConnectionClosedError());
    return ended !== undefined;
  }

  close(): void {
    for (const listening of this.#running) this.#end(listening, new ConnectionClosedError());
  }

  async #keepOpen(listening: Listening): Promise<void> {
    const { log, server, backoff } = this.#deps;
    const { signal } = listening.end;
    while (!signal.aborted) {
      const error = await this.#untilEnd(listening);
      if (signal.aborted) return;
      if (judgeStreamEnd(error) === 'refused') {
        log.debug({ server, err: error }, 'the server does not tell of its changes');
        this.#end(listening, error);
        return;
      }
      await sleep(backoff.nextDelayMs(0), signal).catch(() => undefined);
    }
  }

  /** Why the stream ended; undefined: the server has ended it with an answer. */
  async #untilEnd(listening: Listening): Promise<unknown> {
    const end = new AbortController();
    const signal = AbortSignal.any([end.signal, listening.end.signal]);
    const onId = (id: RequestId): void => {
      listening.request = { id, end };
    };
    try {
      await this.#deps.listen(listening.filter, { signal, onId });
      return undefined;
    } catch (error) {
      return error;
    } finally {
      listening.request = undefined;
      listening.isLost = listening.isOpened;
    }
  }

  #agreed(listening: Listening, agreed: ChangeFilter): void {
    const older = this.#running.slice(0, this.#running.indexOf(listening));
    const isReopened = listening.isOpened || older.some(({ isLost }) => isLost);
    // A newer filter has all that is still wanted of an older one.
    for (const each of older) {
      each.agree(agreed);
      this.#end(each, new ConnectionClosedError());
    }
    listening.agree(agreed);
    listening.isOpened = true;
    listening.isLost = false;
    if (isReopened) this.#deps.onReopened(agreed);
  }

  #end(listening: Listening, reason: unknown): void {
    this.#running = this.#running.filter((each) => each !== listening);
    listening.fail(reason);
    listening.end.abort(reason);
  }
}

/** 4xx that pass by themselves: timeout, too early, too many requests. */
const passingStatuses: readonly number[] = [408, 425, 429];

/** Whether a stream that ended like this is tried again. Without a login it is not: that is for the next call to say. */
export function judgeStreamEnd(error: unknown): 'again' | 'refused' {
  if (error instanceof GatewayError) return 'refused';
  // Also said where there are too many streams just now.
  if (error instanceof RpcError) return error.code === rpcCodes.internalError ? 'again' : 'refused';
  if (error instanceof HttpStatusError) {
    return error.status < 500 && !passingStatuses.includes(error.status) ? 'refused' : 'again';
  }
  return 'again';
}

function newListening(filter: ChangeFilter): Listening {
  let agree: Listening['agree'] = () => undefined;
  let fail: Listening['fail'] = () => undefined;
  const opened = new Promise<ChangeFilter>((resolve, reject) => {
    agree = resolve;
    fail = reject;
  });
  // Not everybody waits for it.
  opened.catch(() => undefined);
  return {
    filter,
    end: new AbortController(),
    opened,
    agree,
    fail,
    isOpened: false,
    isLost: false,
    request: undefined,
  };
}
