// Owns listing the tools of servers in the background: each server once at a time, and the less often the more often it
// says that they changed. Knows nothing of who wants to see them.
import type { DownstreamPort } from './downstream-port.ts';

export interface BackgroundLists {
  /** Connects where need be, and lists. Resolves when that has succeeded or failed; which one is in the snapshot. */
  list(server: string): Promise<void>;
  /** The server says that its tools changed. */
  listAgain(server: string): void;
}

export interface BackgroundListsDeps {
  readonly downstream: Pick<DownstreamPort, 'session'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly later?: ((work: () => void, afterMs: number) => void) | undefined;
}

/** Between two listings that a server asks for; twice as long each time, as long as it goes on. Milliseconds. */
const shortestPauseMs = 1000;
const longestPauseMs = 60_000;

interface Pace {
  readonly nextAt: number;
  readonly pauseMs: number;
}

export function createBackgroundLists(deps: BackgroundListsDeps): BackgroundLists {
  const { downstream, now, later = afterwards } = deps;
  const running = new Map<string, Promise<void>>();
  const paces = new Map<string, Pace>();
  const waiting = new Set<string>();

  const listOnce = async (server: string): Promise<void> => {
    const host = { signal: new AbortController().signal };
    try {
      const { catalog } = await downstream.session(server, host);
      await catalog.tools(host);
    } catch {
      // Whoever looks at the server sees why.
    } finally {
      running.delete(server);
    }
  };
  const list = (server: string): Promise<void> => {
    const listing = running.get(server) ?? listOnce(server);
    running.set(server, listing);
    return listing;
  };

  return {
    list,
    listAgain(server) {
      if (waiting.has(server)) return;
      const { nextAt, pauseMs } = paces.get(server) ?? { nextAt: 0, pauseMs: shortestPauseMs };
      const at = Math.max(now(), nextAt);
      const isQuiet = at >= nextAt + pauseMs;
      const nextPauseMs = isQuiet ? shortestPauseMs : Math.min(2 * pauseMs, longestPauseMs);
      paces.set(server, { nextAt: at + nextPauseMs, pauseMs: nextPauseMs });
      waiting.add(server);
      const work = (): void => {
        waiting.delete(server);
        // One that is under way may have come too early to see the change.
        void (running.get(server) ?? Promise.resolve()).then(() => list(server));
      };
      if (at <= now()) work();
      else later(work, at - now());
    },
  };
}

function afterwards(work: () => void, afterMs: number): void {
  setTimeout(work, afterMs).unref();
}
