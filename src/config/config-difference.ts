// Owns what one config says otherwise than the one before it, server by server. Pure; knows nothing of processes.
import { isSameValue } from '../lib/same-value.ts';
import type { ConfiguredServer, ServerEntry } from './server-entry.ts';

/** Names of servers. Every name of either config stands in exactly one of these. */
export interface ServerDifference {
  readonly added: readonly string[];
  /** Another server under the same name: what runs of the old one ends. */
  readonly changed: readonly string[];
  /** The same server, of which something is said that no connection has to begin anew for. */
  readonly adjusted: readonly string[];
  readonly removed: readonly string[];
  readonly unchanged: readonly string[];
}

type Servers = ReadonlyMap<string, ConfiguredServer>;

/** What the gateway alone looks at, or what holds from the next request on. */
const adjustable = [
  'description',
  'expose',
  'toolPinning',
  'maxResultBytes',
  'timeoutMs',
  'totalTimeoutMs',
  'connectTimeoutMs',
] as const satisfies readonly (keyof ServerEntry)[];

export function serverDifference(before: Servers, after: Servers): ServerDifference {
  const names = (kind: Kind): string[] =>
    [...after].filter(([name, server]) => kindOf(before.get(name), server) === kind).map(([name]) => name);
  return {
    added: names('added'),
    changed: names('changed'),
    adjusted: names('adjusted'),
    removed: [...before.keys()].filter((name) => !after.has(name)),
    unchanged: names('unchanged'),
  };
}

export function isEmpty({ added, changed, adjusted, removed }: ServerDifference): boolean {
  return [added, changed, adjusted, removed].every((names) => names.length === 0);
}

/** Whether a connection that was opened for the one serves the other. */
export function isSameServer(one: ServerEntry, other: ServerEntry): boolean {
  return isSameValue(withoutAdjustable(one), withoutAdjustable(other));
}

type Kind = Exclude<keyof ServerDifference, 'removed'>;

function kindOf(before: ConfiguredServer | undefined, after: ConfiguredServer): Kind {
  if (!before) return 'added';
  if (before.state === 'usable' && after.state === 'usable') {
    if (isSameValue(before.entry, after.entry)) return 'unchanged';
    return isSameServer(before.entry, after.entry) ? 'adjusted' : 'changed';
  }
  return isSameValue(said(before), said(after)) ? 'unchanged' : 'changed';
}

/** Of a broken one the places of its mistakes do not count: they move with every line above. */
function said(server: ConfiguredServer): unknown {
  if (server.state === 'usable') return server;
  const { state, description, disabled, issues } = server;
  return { state, description, disabled, issues: issues.map(({ pointer, message }) => [pointer, message]) };
}

function withoutAdjustable(entry: ServerEntry): object {
  const rest: Partial<ServerEntry> = { ...entry };
  for (const key of adjustable) delete rest[key];
  return rest;
}
