// Owns the names under which prompts of all servers appear to hosts that use them as if they were of one.
import { GatewayError } from '../errors.ts';
import type { Host } from './host.ts';
import { listEverywhere, type NativeDeps, type Owned } from './native-resources.ts';
import type { Members } from './relay-request.ts';

const separator = '__';

export interface NativePrompt {
  readonly server: string;
  /** As its server calls it. */
  readonly prompt: string;
}

export async function listNativePrompts(deps: NativeDeps, agent: string, host: Host): Promise<readonly Members[]> {
  const named = namedPrompts(await listEverywhere(deps, agent, 'prompts', host));
  return [...named].map(([name, { definition }]) => ({ ...definition, name }));
}

/** Whose prompt it is. @throws GatewayError INVALID_ARGUMENTS */
export async function findNativePrompt(
  deps: NativeDeps,
  agent: string,
  name: string,
  host: Host,
): Promise<NativePrompt> {
  const found = namedPrompts(await listEverywhere(deps, agent, 'prompts', host)).get(name);
  if (found) return { server: found.server, prompt: String(found.definition['name']) };
  throw new GatewayError('INVALID_ARGUMENTS', `no prompt is called '${name.slice(0, 80)}'`, {
    hint: 'prompts/list shows the names.',
  });
}

/** Of two prompts with one name, the first. */
function namedPrompts(prompts: readonly Owned[]): ReadonlyMap<string, Owned> {
  const named = new Map<string, Owned>();
  for (const owned of prompts) {
    const name = `${owned.server}${separator}${String(owned.definition['name'])}`;
    if (!named.has(name)) named.set(name, owned);
  }
  return named;
}
