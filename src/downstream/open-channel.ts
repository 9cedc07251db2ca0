// Owns the choice of a channel for an entry: the only switch on its kind.
import type { ServerEntry } from '../config/server-entry.ts';
import { ConnectionClosedError, RpcError } from '../wire/rpc-error.ts';
import type { DownstreamDeps } from './downstream-deps.ts';
import { HttpChannel } from './http.ts';
import { HttpStatusError } from './http-answer-errors.ts';
import { modernVersion } from './modern-era.ts';
import type { Opening } from './open-conversation.ts';
import type { ServerChannel } from './server-channel.ts';
import { SseChannel } from './sse.ts';
import { StdioChannel } from './stdio.ts';

export interface Attempt {
  readonly channel: ServerChannel;
  readonly begin: Opening;
}

export interface ChannelChoice {
  first(begin: Opening): Attempt;
  /**
   * What to try where the first attempt failed with this. Undefined: nothing. `isGuess`: the first error is the true one
   * if this fails too.
   */
  second?(error: unknown, first: Attempt): (Attempt & { readonly isGuess: boolean }) | undefined;
}

/** Channels are made here, and started by whoever holds the conversation. */
export function chooseChannel(deps: DownstreamDeps, entry: ServerEntry): ChannelChoice {
  switch (entry.kind) {
    case 'stdio':
      return {
        first: (begin) => ({ channel: new StdioChannel(deps, entry), begin }),
        // Some end at a first request they do not know, so the process that was asked is given up for a new one.
        second: (error, { begin }) =>
          entry.protocol === 'auto' && (error instanceof ConnectionClosedError || error instanceof RpcError)
            ? {
                channel: new StdioChannel(deps, entry),
                begin: begin === 'initialize' ? 'server/discover' : 'initialize',
                isGuess: begin === 'initialize',
              }
            : undefined,
      };
    case 'http':
      switch (entry.transport) {
        case 'sse':
          return { first: (begin) => ({ channel: new SseChannel(deps, entry), begin }) };
        case 'http':
          return { first: (begin) => ({ channel: new HttpChannel(deps, entry), begin }) };
        case 'auto':
          return {
            first: (begin) => ({ channel: new HttpChannel(deps, entry), begin }),
            // 2025-11-25, Transports, Backwards Compatibility; not 400, which new servers also answer to new requests.
            second: (error) =>
              entry.protocol !== modernVersion &&
              error instanceof HttpStatusError &&
              (error.status === 404 || error.status === 405)
                ? { channel: new SseChannel(deps, entry), begin: 'initialize', isGuess: true }
                : undefined,
          };
      }
  }
}
