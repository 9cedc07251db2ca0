// Owns whether a host that sees resources and prompts as the gateway's own has to be told that they are others now. Pure.
import type { Offers } from './permitted-offers.ts';

export interface SeenServers {
  /** Names of the servers whose resources and prompts the host saw, and sees. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** Servers that are others under the same name. */
  readonly changed: readonly string[];
  /** What may be used of a server may be something else. */
  readonly rulesChanged: boolean;
  /** Undefined: the server was never asked. */
  readonly offersOf: (server: string) => Offers | undefined;
}

/** The notifications that are due. One too many costs the host a list, one too few hides what is there. */
export function nativeNews({ before, after, changed, rulesChanged, offersOf }: SeenServers): readonly string[] {
  const affected = [...new Set([...before, ...after])].filter(
    (name) => rulesChanged || changed.includes(name) || !before.includes(name) || !after.includes(name),
  );
  const mayOffer = (kind: 'resources' | 'prompts'): boolean =>
    affected.some((name) => offersOf(name)?.[kind] !== false);
  return (['resources', 'prompts'] as const).filter(mayOffer).map((kind) => `notifications/${kind}/list_changed`);
}
