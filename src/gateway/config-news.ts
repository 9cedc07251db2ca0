// Owns what follows inside of the gateway when another config is in force: what is kept for servers that are gone is
// dropped, and the host hears of it where what it sees has changed.
import type { ServerDifference } from '../config/config-difference.ts';
import type { DirectMode } from './direct-mode.ts';
import type { DownstreamPort } from './downstream-port.ts';
import type { HostAtLarge } from './host-at-large.ts';
import type { ConfigState, LiveConfig } from './live-config.ts';
import { nativeNews } from './native-news.ts';
import type { NativeUses } from './native-uses.ts';
import { agentsOf } from './permitted-offers.ts';
import { createServerDirectory } from './server-directory.ts';
import type { ToolIndex } from './tool-index.ts';
import type { AgentSettings } from './unnamed-agent.ts';

export interface ConfigChange {
  readonly servers: ServerDifference;
  readonly rulesChanged: boolean;
}

export interface ConfigNewsDeps {
  readonly config: LiveConfig;
  readonly downstream: Pick<DownstreamPort, 'snapshot'>;
  readonly host: HostAtLarge;
  readonly toolIndex: Pick<ToolIndex, 'keep'>;
  readonly direct: Pick<DirectMode, 'configChanged'>;
  readonly native: Pick<NativeUses, 'keep'>;
}

/** @returns what is called when `before` is no longer in force */
export function createConfigNews(
  { config, downstream, host, toolIndex, direct, native }: ConfigNewsDeps,
  settings: AgentSettings & { readonly expose?: 'meta' | 'direct' },
): (before: ConfigState, change: ConfigChange) => void {
  const seenIn = (state: ConfigState): string[] => {
    const { visible } = createServerDirectory({ config: { current: state } });
    return [...new Set(agentsOf(state.rules, settings).flatMap(visible))].map(({ name }) => name);
  };
  return (before, { servers, rulesChanged }) => {
    const { current } = config;
    const names = new Set(current.servers.keys());
    toolIndex.keep(names);
    native.keep(names, servers.changed);
    direct.configChanged();
    if (settings.expose !== 'direct') return;
    const news = nativeNews({
      before: seenIn(before),
      after: seenIn(current),
      changed: servers.changed,
      rulesChanged,
      offersOf: (server) => downstream.snapshot(server).offers,
    });
    for (const method of news) host.current?.notify(method, {});
  };
}
