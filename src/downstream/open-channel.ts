// Owns the choice of a channel for an entry: the only switch on its kind.
import type { ServerEntry } from '../config/server-entry.ts';
import type { DownstreamDeps } from './downstream-deps.ts';
import { HttpChannel } from './http.ts';
import { HttpStatusError } from './http-answer-errors.ts';
import { modernVersion } from './modern-era.ts';
import type { ServerChannel } from './server-channel.ts';
import { SseChannel } from './sse.ts';
import { StdioChannel } from './stdio.ts';

export interface ChannelChoice {
  open(): ServerChannel;
  /** What to try where the first conversation failed with this. */
  fallback?(error: unknown): ServerChannel | undefined;
}

/** Channels are made here, and started by whoever holds the conversation. */
export function chooseChannel(deps: DownstreamDeps, entry: ServerEntry): ChannelChoice {
  switch (entry.kind) {
    case 'stdio':
      return { open: () => new StdioChannel(deps, entry) };
    case 'http':
      switch (entry.transport) {
        case 'sse':
          return { open: () => new SseChannel(deps, entry) };
        case 'http':
          return { open: () => new HttpChannel(deps, entry) };
        case 'auto':
          return {
            open: () => new HttpChannel(deps, entry),
            // 2025-11-25, Transports, Backwards Compatibility; not 400, which new servers also answer to new requests.
            fallback: (error) =>
              entry.protocol !== modernVersion &&
              error instanceof HttpStatusError &&
              (error.status === 404 || error.status === 405)
                ? new SseChannel(deps, entry)
                : undefined,
          };
      }
  }
}
