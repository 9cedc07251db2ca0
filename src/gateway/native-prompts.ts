// Owns the names under which prompts of all servers appear to hosts that use them as if they were of one: made as those
// of tools are.
import { GatewayError } from '../errors.ts';
import { nameTools } from './direct-names.ts';
import type { Host } from './host.ts';
import { forHost } from './host-definition.ts';
import { listEverywhere, type NativeDeps, type Owned } from './native-resources.ts';
import type { Members } from './relay-request.ts';

export interface NativePrompt {
  readonly server: string;
  /** As its server calls it. */
  readonly prompt: string;
}

export async function listNativePrompts(deps: NativeDeps, agent: string, host: Host): Promise<readonly Members[]> {
  const named = await namedPrompts(deps, agent, host);
  return [...named].map(([name, { definition }]) => ({ ...forHost('prompts', definition), name }));
}

/** Whose prompt it is. @throws GatewayError INVALID_ARGUMENTS */
export async function findNativePrompt(
  deps: NativeDeps,
  agent: string,
  name: string,
  host: Host,
): Promise<NativePrompt> {
  const found = (await namedPrompts(deps, agent, host)).get(name);
  if (found) return { server: found.server, prompt: found.tool };
  throw new GatewayError('INVALID_ARGUMENTS', `no prompt is called '${name.slice(0, 80)}'`, {
    hint: 'prompts/list shows the names.',
  });
}

async function namedPrompts(
  deps: NativeDeps,
  agent: string,
  host: Host,
): Promise<ReadonlyMap<string, Owned & { readonly tool: string }>> {
  const prompts = await listEverywhere(deps, agent, 'prompts', host);
  const named = prompts.map((owned) => ({ ...owned, tool: String(owned.definition['name']) }));
  return nameTools(named, new Set(deps.directory.visible(agent).map((server) => server.name)));
}
