// Owns the use cases of hosts that see the resources and prompts of servers as the gateway's own: each judged by the
// rules and noted like a call of a tool. Knows nothing of MCP messages beyond the params and results it passes on.

import { GatewayError } from '../errors.ts';
import { membersOf } from '../lib/members.ts';
import { FollowedResources } from './followed-resources.ts';
import type { Host } from './host.ts';
import { type Measured, plain, relayed } from './measured.ts';
import { findNativePrompt, listNativePrompts } from './native-prompts.ts';
import { askForUri, listNativeResources, type NativeDeps, serversOf } from './native-resources.ts';
import { type Members, relayRequest } from './relay-request.ts';

export const nativeMethods = [
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'resources/subscribe',
  'resources/unsubscribe',
  'prompts/list',
  'prompts/get',
  'completion/complete',
] as const;
export type NativeMethod = (typeof nativeMethods)[number];

const aboutOne: ReadonlySet<NativeMethod> = new Set(['resources/read', 'resources/subscribe', 'resources/unsubscribe']);

interface Subject {
  readonly server?: string | undefined;
  readonly resource?: string | undefined;
  readonly prompt?: string | undefined;
}

export interface NativeUses {
  /** @returns the server's own result; or a list of what all servers list, definitions unchanged but for prompts' names */
  request(method: NativeMethod, params: Members, host: Host): Promise<Members>;
  /** The server told of a change. */
  told(server: string, method: string, params: Members): void;
  /** The server's connection is a new one. */
  ready(server: string): void;
  /** There are other servers than before. */
  keep(servers: ReadonlySet<string>, changed: readonly string[]): void;
}

export interface NativeUsesDeps extends NativeDeps {
  readonly audited: <T>(
    operation: {
      readonly name: NativeMethod;
      readonly args?: unknown;
      readonly subject?: (agent: string) => Promise<Subject | undefined>;
    },
    host: Host,
    work: (agent: string) => Promise<Measured<T>>,
  ) => Promise<T>;
  /** Tells the host. */
  readonly notify: (method: string, params: Members) => void;
}

export function createNativeUses(deps: NativeUsesDeps): NativeUses {
  const { audited } = deps;
  const followed = new FollowedResources(deps);

  const list = (name: NativeMethod, host: Host, member: string, of: (agent: string) => Promise<readonly Members[]>) =>
    audited({ name }, host, async (agent) => plain<Members>({ [member]: await of(agent) }));

  const about = (name: NativeMethod, uri: string, host: Host, work: Parameters<typeof audited<Members>>[2]) =>
    audited<Members>(
      {
        name,
        async subject(agent) {
          const [server] = await serversOf(deps, agent, uri, host);
          return { server, resource: uri };
        },
      },
      host,
      work,
    );

  const prompt = (
    method: 'prompts/get' | 'completion/complete',
    name: string,
    host: Host,
    params: (own: string) => Members,
  ) => {
    const find = (agent: string) => findNativePrompt(deps, agent, name, host);
    return audited({ name: method, subject: find }, host, async (agent) => {
      const { server, prompt: own } = await find(agent);
      const item = { kind: 'prompt', name: own } as const;
      return relayed(await relayRequest(deps, { agent, server, method, params: params(own), item }, host));
    });
  };

  return {
    async request(method, given, host) {
      const { _meta: _ours, cursor: _none, ...params } = given;
      const uri = aboutOne.has(method) ? textIn(params, 'uri') : '';
      const ask = (named: string) =>
        about(method, named, host, async (agent) =>
          relayed(await askForUri(deps, agent, { method, params, uri: named }, host)),
        );
      switch (method) {
        case 'resources/list':
          return await list(method, host, 'resources', (agent) => listNativeResources(deps, agent, 'resources', host));
        case 'resources/templates/list':
          return await list(method, host, 'resourceTemplates', (agent) =>
            listNativeResources(deps, agent, 'templates', host),
          );
        case 'prompts/list':
          return await list(method, host, 'prompts', (agent) => listNativePrompts(deps, agent, host));
        case 'resources/read':
          return await ask(uri);
        case 'resources/subscribe':
          return await about(method, uri, host, (agent) => followed.follow(agent, uri, host));
        case 'resources/unsubscribe':
          return await about(method, uri, host, () => followed.leave(uri, host));
        case 'prompts/get':
          return await prompt(method, textIn(params, 'name'), host, (name) => ({ ...params, name }));
        case 'completion/complete': {
          const ref = membersOf(params['ref']);
          if (ref['type'] !== 'ref/prompt') return await ask(textIn(ref, 'uri', 'ref.uri'));
          const asked = textIn(ref, 'name', 'ref.name');
          return await prompt(method, asked, host, (name) => ({ ...params, ref: { ...ref, name } }));
        }
        default:
          return method satisfies never;
      }
    },
    told: (server, method, params) => followed.told(server, method, params),
    ready: (server) => followed.ready(server),
    keep: (servers, changed) => followed.keep(servers, changed),
  };
}

/** No server has to be asked to see that it is missing. @throws GatewayError INVALID_ARGUMENTS */
function textIn(params: Members, key: string, shown = key): string {
  const { [key]: value } = params;
  if (typeof value === 'string') return value;
  throw new GatewayError('INVALID_ARGUMENTS', `'${shown}' is no string`);
}
