// Owns which kinds of things besides tools there are for an agent, as far as that is known; asks no server.

import type { Offers } from '../downstream/offerings.ts';
import type { DownstreamPort } from './downstream-port.ts';
import type { ServerDirectory } from './server-directory.ts';

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
