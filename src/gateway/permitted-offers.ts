// Owns which kinds of things besides tools there are for an agent, as far as that is known; asks no server.

import type { Rules } from '../config/rules.ts';
import type { Offers as ServerOffers } from '../downstream/offerings.ts';
import type { DownstreamPort } from './downstream-port.ts';
import type { ServerDirectory } from './server-directory.ts';
import { type AgentSettings, unnamedAgent } from './unnamed-agent.ts';

/** Which kinds there are, of any server. */
export type Offers = ServerOffers;

export interface PermittedOffersDeps {
  readonly directory: ServerDirectory;
  readonly downstream: Pick<DownstreamPort, 'knownOffers'>;
}

export async function permittedOffers(deps: PermittedOffersDeps, agents: readonly string[]): Promise<Offers> {
  const all = await Promise.all(
    agents.flatMap((agent) => deps.directory.visible(agent).map(({ name }) => offersFor(deps, agent, name))),
  );
  return {
    resources: all.some((each) => each.resources),
    prompts: all.some((each) => each.prompts),
    completions: all.some((each) => each.completions && (each.resources || each.prompts)),
  };
}

async function offersFor(
  { directory, downstream }: PermittedOffersDeps,
  agent: string,
  server: string,
): Promise<Offers> {
  const known = await downstream.knownOffers(server);
  if (!known) return { resources: false, prompts: false, completions: false };
  const { offers, lists } = known;
  const prompts = lists.prompts?.map(({ name }) => ({ kind: 'prompt', name: String(name) }) as const);
  return {
    // Others than those that are listed may be read: links in results lead to them.
    resources: offers.resources && directory.mayUseSome(agent, server, 'resource'),
    prompts:
      offers.prompts &&
      (prompts
        ? prompts.some((prompt) => directory.mayUse(agent, server, prompt))
        : directory.mayUseSome(agent, server, 'prompt')),
    completions: offers.completions,
  };
}

/** Whoever may be asking, where no call says who. */
export function agentsOf(rules: Rules | undefined, settings: AgentSettings): readonly string[] {
  const agent = unnamedAgent(rules, settings);
  // Every call has to say who is asking: it may be any of them.
  return agent === undefined ? [...(rules?.agents.keys() ?? [])] : [agent];
}
