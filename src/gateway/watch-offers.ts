// Owns what the host is told when servers turn out to have more than tools.
import type { Rules } from '../config/rules.ts';
import type { Offers } from '../downstream/offerings.ts';
import type { ServerWatcher } from '../downstream/server-slot.ts';
import { identify } from '../policy/identify.ts';
import type { DownstreamPort } from './downstream-port.ts';
import type { HostAtLarge } from './host-at-large.ts';

/** Whoever may be asking, where no call says who. */
export function agentsOf(
  rules: Rules | undefined,
  {
    lockedAgent,
    defaultAgent,
  }: { readonly lockedAgent?: string | undefined; readonly defaultAgent?: string | undefined },
): readonly string[] {
  try {
    return [identify(rules, { claimed: undefined, locked: lockedAgent, fallback: defaultAgent }).agent];
  } catch {
    // Every call has to say who is asking: it may be any of them.
    return [...(rules?.agents.keys() ?? [])];
  }
}

/** The host's list of tools grows with what turns out to be there. */
export function watchOffers(
  { downstream, host }: { readonly downstream: Pick<DownstreamPort, 'watch'>; readonly host: HostAtLarge },
  offers: () => Offers,
  others: ServerWatcher,
): void {
  let known = JSON.stringify(offers());
  downstream.watch({
    ready(server) {
      others.ready(server);
      const now = JSON.stringify(offers());
      if (now === known) return;
      known = now;
      host.current?.notify('notifications/tools/list_changed', {});
    },
    told: (server, method, params) => others.told(server, method, params),
  });
}
