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
  readonly downstream: Pick<DownstreamPort, 'snapshot'>;
}

export function permittedOffers({ directory, downstream }: PermittedOffersDeps, agents: readonly string[]): Offers {
  const servers = new Set(agents.flatMap((agent) => directory.visible(agent)));
  const offers = [...servers].flatMap((server) =>
    server.state === 'usable' ? [downstream.snapshot(server.name).offers] : [],
  );
  return {
    resources: offers.some((each) => each?.resources),
    prompts: offers.some((each) => each?.prompts),
    completions: offers.some((each) => each?.completions && (each.resources || each.prompts)),
  };
}

/** Whoever may be asking, where no call says who. */
export function agentsOf(rules: Rules | undefined, settings: AgentSettings): readonly string[] {
  const agent = unnamedAgent(rules, settings);
  // Every call has to say who is asking: it may be any of them.
  return agent === undefined ? [...(rules?.agents.keys() ?? [])] : [agent];
}
