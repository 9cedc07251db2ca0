// Owns the way from a name in a call to a server the agent may use; names are judged before anything else is looked at.

import type { ItemKind } from '../config/rules.ts';
import type { ConfiguredServer, ServerEntry } from '../config/server-entry.ts';
import { GatewayError } from '../errors.ts';
import { nearestNames } from '../lib/nearest-name.ts';
import { type Decision, decide, type Item, permitsSome } from '../policy/decide.ts';
import type { LiveConfig } from './live-config.ts';

export interface ServerDirectory {
  /** Every server the agent may see, in the order of the config. */
  visible(agent: string): readonly ConfiguredServer[];
  /** The rule that lets the agent use the server (and what it offers). @throws GatewayError DENIED_BY_POLICY */
  permit(agent: string, server: string, item?: Item): Decision;
  /** A usable server. Call `permit` first. @throws GatewayError SERVER_NOT_FOUND | SERVER_UNAVAILABLE */
  usable(agent: string, server: string): ServerEntry;
  /** Whether the rules let the agent know of the server, which need not exist. */
  maySee(agent: string, server: string): boolean;
  mayCall(agent: string, server: string, tool: string): boolean;
  mayUse(agent: string, server: string, item: Item): boolean;
  /** Whether there can be anything of the kind that the agent may use. */
  mayUseSome(agent: string, server: string, kind: ItemKind): boolean;
}

const listings: Readonly<Record<ItemKind, string>> = {
  tool: 'get_server_tools',
  resource: 'list_server_resources',
  prompt: 'list_server_prompts',
};

/** Every answer is by the config as it is at that moment. */
export function createServerDirectory({ config }: { readonly config: LiveConfig }): ServerDirectory {
  const judge = (agent: string, server: string, item?: Item): Decision =>
    decide(config.current.rules, { agent, server, item });
  const visible = (agent: string): ConfiguredServer[] =>
    [...config.current.servers.values()].filter(({ name }) => judge(agent, name).allowed);

  return {
    visible,

    permit(agent, server, item) {
      const decision = judge(agent, server, item);
      if (decision.allowed) return decision;
      throw new GatewayError('DENIED_BY_POLICY', decision.reason, {
        server,
        ...(item?.kind === 'tool' && { tool: item.name }),
        rule: decision.rule,
        hint: `list_servers and ${listings[item?.kind ?? 'tool']} show what this agent may use.`,
      });
    },

    usable(agent, server) {
      const configured = config.current.servers.get(server);
      if (!configured) {
        const near = nearestNames(
          server,
          visible(agent).map(({ name }) => name),
        );
        throw new GatewayError('SERVER_NOT_FOUND', `no server is called '${server}'`, {
          server,
          hint: near.length > 0 ? `Did you mean ${near.join(', ')}?` : 'list_servers shows the names.',
        });
      }
      if (configured.state === 'broken') {
        const [issue] = configured.issues;
        throw new GatewayError('SERVER_UNAVAILABLE', issue?.message ?? `server '${server}' is misconfigured`, {
          server,
          hint: issue && `${issue.file}:${issue.line}${issue.hint ? `: ${issue.hint}` : ''}`,
        });
      }
      if (configured.entry.disabled) {
        throw new GatewayError('SERVER_UNAVAILABLE', `server '${server}' is disabled in the config`, {
          server,
          hint: `Remove "disabled" from its entry to use it.`,
        });
      }
      return configured.entry;
    },

    mayCall: (agent, server, tool) => judge(agent, server, { kind: 'tool', name: tool }).allowed,
    maySee: (agent, server) => judge(agent, server).allowed,
    mayUse: (agent, server, item) => judge(agent, server, item).allowed,
    mayUseSome: (agent, server, kind) => permitsSome(config.current.rules, { agent, server, kind }),
  };
}
