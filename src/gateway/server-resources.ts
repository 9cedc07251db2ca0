// Owns what an agent sees of a server's resources: the lists, and one resource as the result of a tool.
import type { Host } from './host.ts';
import { fits, pageOf } from './listed-page.ts';
import { type Members, type RelayDeps, type Relayed, relayRequest, withSession } from './relay-request.ts';

export interface ListResourcesInput {
  readonly agent: string;
  readonly server: string;
  /** Part of a URI or name, or a glob. */
  readonly pattern?: string | undefined;
  readonly cursor?: string | undefined;
}

export interface ListedResources {
  readonly server: string;
  /** As the server defines them. */
  readonly resources: readonly Members[];
  readonly templates: readonly Members[];
  readonly next_cursor?: string;
}

export interface ReadResourceInput {
  readonly agent: string;
  readonly server: string;
  readonly uri: string;
}

/** Permission for the server has been checked by the caller of this function. */
export async function listServerResources(
  deps: RelayDeps,
  input: ListResourcesInput,
  host: Host,
): Promise<ListedResources> {
  const { server, pattern, cursor } = input;
  const { resources, templates } = await permittedResources(deps, input, host);
  const chosen = [
    ...resources.map((resource) => ({ resource, names: [resource['uri'], resource['name'], resource['title']] })),
    ...templates.map((template) => ({
      template,
      names: [template['uriTemplate'], template['name'], template['title']],
    })),
  ].filter(({ names }) => fits(pattern, names));
  const { shown, next } = pageOf(chosen, cursor);
  return {
    server,
    resources: shown.flatMap((each) => ('resource' in each ? [each.resource] : [])),
    templates: shown.flatMap((each) => ('template' in each ? [each.template] : [])),
    ...next,
  };
}

async function permittedResources(
  deps: RelayDeps,
  input: ListResourcesInput,
  host: Host,
): Promise<Record<'resources' | 'templates', readonly Members[]>> {
  const { agent, server } = input;
  const [resources, templates] = await withSession(deps, input, host, ({ offerings }) =>
    Promise.all([offerings.list('resources', host), offerings.list('templates', host)]),
  );
  const permitted = (list: readonly Members[], key: string): readonly Members[] =>
    list.filter((each) => deps.directory.mayUse(agent, server, { kind: 'resource', name: String(each[key]) }));
  return { resources: permitted(resources, 'uri'), templates: permitted(templates, 'uriTemplate') };
}

/** Permission for the resource has been checked by the caller of this function. */
export async function readServerResource(deps: RelayDeps, input: ReadResourceInput, host: Host): Promise<Relayed> {
  const hint = 'list_server_resources shows the URIs.';
  const item = { kind: 'resource', name: input.uri } as const;
  const request = { ...input, method: 'resources/read', params: { uri: input.uri }, item, hint };
  const { result, size } = await relayRequest(deps, request, host);
  return { result: resourceAsToolResult(result), size };
}

/**
 * A `ReadResourceResult` as a tool's result that loses nothing: each of its `contents`, untouched, in a block of its own,
 * and every other member where it was. Binary content is there once, and never as text.
 */
export function resourceAsToolResult(result: Members): Members {
  const { contents, ...others } = result;
  if (!Array.isArray(contents)) return result;
  return { ...others, content: contents.map((resource: unknown) => ({ type: 'resource', resource })) };
}
