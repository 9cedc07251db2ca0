// Owns what `tools/list` shows: the gateway's own tools, and beside them those of servers that are exposed directly.
import type { Gateway } from '../gateway/gateway.ts';
import { metaToolsAlone, type ToolView } from '../gateway/host-view.ts';
import { waitFor } from '../lib/deadline.ts';
import { isListed } from './tools/all-tools.ts';
import type { MetaTool } from './tools/meta-tool.ts';

export interface ToolListDeps {
  /** May still be loading. */
  readonly gateway: Promise<Gateway>;
  readonly tools: ReadonlyMap<string, MetaTool>;
}

export interface ToolList {
  readonly tools: readonly object[];
  /** The list can only change with the gateway. */
  readonly isLasting: boolean;
}

/** What a config says is worth so long a wait: many hosts list tools only once. Milliseconds. */
const loadingMs = 2000;
/** Of use also where every tool of every server is listed; the others lead to tools that are not. */
const alwaysListed: ReadonlySet<string> = new Set([
  'list_servers',
  'login_server',
  'read_result',
  'get_gateway_status',
]);

export async function listTools({ gateway, tools }: ToolListDeps): Promise<ToolList> {
  const { direct, hasDirectServers, hasMetaServers, offers } = await viewOf(gateway);
  const own = [...tools.values()].filter(
    (tool) => isListed(tool, offers) && (hasMetaServers || alwaysListed.has(tool.definition.name)),
  );
  return { tools: [...own.map(({ definition }) => definition), ...direct], isLasting: !hasDirectServers };
}

async function viewOf(gateway: Promise<Gateway>): Promise<ToolView> {
  try {
    if (await waitFor(gateway, loadingMs)) return await (await gateway).direct.give();
  } catch {
    // Every call says what is wrong with the config.
    return metaToolsAlone;
  }
  gateway.then(
    (loaded) => loaded.direct.gave(metaToolsAlone),
    () => undefined,
  );
  return metaToolsAlone;
}
