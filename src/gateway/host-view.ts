// Owns what the host was last shown, and telling it when that is no longer so: once for a burst of changes, and not at all
// where what it sees stayed the same. Knows nothing of how it is made.
import { isDeepStrictEqual } from 'node:util';
import type { ToolDefinition } from '../downstream/tool-pages.ts';
import type { HostAtLarge } from './host-at-large.ts';
import type { Offers } from './permitted-offers.ts';

/** What the host's list of tools depends on. */
export interface ToolView {
  /** The tools of directly exposed servers, under the names they are exposed by. */
  readonly direct: readonly ToolDefinition[];
  readonly hasDirectServers: boolean;
  /** Some tools are reached through meta tools alone. */
  readonly hasMetaServers: boolean;
  /** What servers are known to have besides tools. */
  readonly offers: Offers;
}

/** What a host is shown where nothing is known of any server. */
export const metaToolsAlone: ToolView = {
  direct: [],
  hasDirectServers: false,
  hasMetaServers: true,
  offers: { resources: false, prompts: false, completions: false },
};

export interface HostViewDeps {
  readonly host: HostAtLarge;
  /** What the host would be shown now. */
  readonly look: () => Promise<ToolView>;
  /** Runs `work` when a burst of changes is likely to be over. */
  readonly later?: ((work: () => void) => void) | undefined;
}

export interface HostView {
  /** The host was shown this. */
  gave(view: ToolView): void;
  /** What the host sees may have changed. */
  changed(): void;
}

/** Milliseconds. */
const burstMs = 200;

export function createHostView({ host, look, later = afterBurst }: HostViewDeps): HostView {
  let last: ToolView | undefined;
  let isWaiting = false;
  const compare = async (): Promise<void> => {
    isWaiting = false;
    const view = await look();
    // Nobody has looked yet, or somebody has just done so.
    if (last === undefined || isDeepStrictEqual(view, last)) return;
    last = view;
    host.current?.notify('notifications/tools/list_changed', {});
  };
  return {
    gave(view) {
      last = view;
    },
    changed() {
      if (isWaiting) return;
      isWaiting = true;
      later(() => void compare());
    },
  };
}

function afterBurst(work: () => void): void {
  setTimeout(work, burstMs).unref();
}
