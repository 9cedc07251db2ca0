// Owns finding the server behind a URI, for hosts that use the resources of all servers as if they were of one. Which
// server a URI belongs to: the one that lists it, else one whose template fits, else whichever knows it; in the order
// of the config.
import { GatewayError } from '../errors.ts';
import { matchesGlob } from '../lib/glob.ts';
import type { Host } from './host.ts';
import { forHost } from './host-definition.ts';
import { permittedSession } from './permitted-session.ts';
import { type Members, type RelayDeps, type Relayed, relayRequest, saysNotFound } from './relay-request.ts';

export interface NativeDeps extends RelayDeps {
  /** Whether the host sees the server as if it were the gateway. */
  readonly isNative: (server: string) => boolean;
}

export interface Owned {
  readonly server: string;
  /** As the server defines it. */
  readonly definition: Members;
}

type ListKind = 'resources' | 'templates' | 'prompts';

const itemOf = {
  resources: { kind: 'resource', key: 'uri' },
  templates: { kind: 'resource', key: 'uriTemplate' },
  prompts: { kind: 'prompt', key: 'name' },
} as const;

/** What all servers list that the agent may use. A server that cannot be asked is left out. */
export async function listEverywhere(
  deps: NativeDeps,
  agent: string,
  kind: ListKind,
  host: Host,
): Promise<readonly Owned[]> {
  const { key, kind: item } = itemOf[kind];
  const lists = await Promise.allSettled(
    nativeServers(deps, agent).map(async (server) => {
      const { offerings } = await permittedSession(deps, { agent, server }, host);
      const all = await offerings.list(kind, host);
      return all
        .filter((each) => deps.directory.mayUse(agent, server, { kind: item, name: String(each[key]) }))
        .map((definition) => ({ server, definition }));
    }),
  );
  host.signal.throwIfAborted();
  return lists.flatMap((list) => (list.status === 'fulfilled' ? list.value : []));
}

/** Of two resources with one URI, the first. */
export async function listNativeResources(
  deps: NativeDeps,
  agent: string,
  kind: 'resources' | 'templates',
  host: Host,
): Promise<readonly Members[]> {
  const distinct = new Map<unknown, Members>();
  for (const { definition } of await listEverywhere(deps, agent, kind, host)) {
    const name = definition[itemOf[kind].key];
    if (!distinct.has(name)) distinct.set(name, forHost('resources', definition, { name }));
  }
  return [...distinct.values()];
}

/** Asks one server after the other until one knows the URI. @throws the first refusal, if all refuse */
export async function askForUri(
  deps: NativeDeps,
  agent: string,
  request: { readonly method: string; readonly params: Members; readonly uri: string },
  host: Host,
): Promise<Relayed & { readonly server: string }> {
  const { uri, ...asked } = request;
  let refusal: unknown;
  for (const server of await serversOf(deps, agent, uri, host)) {
    try {
      return {
        server,
        ...(await relayRequest(deps, { ...asked, agent, server, item: { kind: 'resource', name: uri } }, host)),
      };
    } catch (error) {
      if (!saysNotFound(error)) throw error;
      refusal ??= error;
    }
  }
  throw refusal ?? new GatewayError('INVALID_ARGUMENTS', 'no server that may be used has a resource of that URI');
}

/** The servers that may know a URI, the likeliest first. */
export async function serversOf(deps: NativeDeps, agent: string, uri: string, host: Host): Promise<readonly string[]> {
  const [listed, templates] = await Promise.all([
    listEverywhere(deps, agent, 'resources', host),
    listEverywhere(deps, agent, 'templates', host),
  ]);
  const owners = [
    ...listed.filter(({ definition }) => definition['uri'] === uri),
    ...templates.filter(({ definition }) => mayBeOf(String(definition['uriTemplate']), uri)),
  ].map(({ server }) => server);
  const others = nativeServers(deps, agent).filter((server) => deps.downstream.snapshot(server).offers?.resources);
  return [...new Set([...owners, ...others])].filter((server) =>
    deps.directory.mayUse(agent, server, { kind: 'resource', name: uri }),
  );
}

/** RFC 6570, read generously: what does not fit after all is not found there. */
function mayBeOf(template: string, uri: string): boolean {
  return uri === template || matchesGlob(template.replaceAll(/\{[^{}]*\}/gu, '*'), uri);
}

function nativeServers({ directory, isNative }: NativeDeps, agent: string): readonly string[] {
  return directory
    .visible(agent)
    .filter((server) => server.state === 'usable' && !server.entry.disabled && isNative(server.name))
    .map(({ name }) => name);
}
