// Owns asking a server for completions of an argument (server/utilities/completion).
import type { Item } from '../policy/decide.ts';
import type { Host } from './host.ts';
import { type Members, type RelayDeps, type Relayed, relayRequest } from './relay-request.ts';

export interface CompleteArgumentInput {
  readonly agent: string;
  readonly server: string;
  /** The name of a prompt; or else `resource`. */
  readonly prompt?: string | undefined;
  /** The URI template of a resource, or its URI. */
  readonly resource?: string | undefined;
  readonly argument: string;
  readonly value: string;
  /** The arguments that are known already. */
  readonly context: Members;
}

/** Permission for the prompt or resource has been checked by the caller of this function. */
export async function completeArgument(deps: RelayDeps, input: CompleteArgumentInput, host: Host): Promise<Relayed> {
  const { agent, server, prompt, resource, argument: name, value, context } = input;
  const params = {
    ref: prompt === undefined ? { type: 'ref/resource', uri: resource } : { type: 'ref/prompt', name: prompt },
    argument: { name, value },
    ...(Object.keys(context).length > 0 && { context: { arguments: context } }),
  };
  const item = itemOf(input);
  return await relayRequest(deps, { agent, server, method: 'completion/complete', params, item }, host);
}

function itemOf({ prompt, resource }: CompleteArgumentInput): Item | undefined {
  if (prompt !== undefined) return { kind: 'prompt', name: prompt };
  return resource === undefined ? undefined : { kind: 'resource', name: resource };
}
