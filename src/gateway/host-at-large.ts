// Owns the host outside of any call: who it is, once it has said so.
import type { CallHost } from '../wire/call-host.ts';

export interface HostAtLarge {
  readonly current: CallHost | undefined;
  attach(host: CallHost): void;
  /** Resolves when the host has said what it is, or has not for a while: servers are offered what it offers. */
  known(): Promise<void>;
}

/** Hosts introduce themselves with their first message. Milliseconds. */
const longestWaitMs = 3000;

export function createHostAtLarge(): HostAtLarge {
  let current: CallHost | undefined;
  let tell: () => void;
  const told = new Promise<void>((resolve) => {
    tell = resolve;
  });
  return {
    get current() {
      return current;
    },
    attach(host) {
      current = host;
      tell();
    },
    async known() {
      const timer = setTimeout(tell, longestWaitMs).unref();
      await told;
      clearTimeout(timer);
    },
  };
}
