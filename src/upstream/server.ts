// Owns the gateway's side of the conversation with a host (MCP up to 2025-11-25): handshake, `tools/list`, `tools/call`.
// Translates, decides nothing.
import type { Gateway } from '../gateway/gateway.ts';
import type { Host } from '../gateway/host.ts';
import type { LogPort } from '../lib/log-port.ts';
import type { MessageChannel } from '../wire/messages.ts';
import { type IncomingRequest, Peer } from '../wire/peer.ts';
import { RpcError, rpcCodes } from '../wire/rpc-error.ts';
import { HostSession } from './host-session.ts';
import { asGatewayError, presentError, presentValue } from './present.ts';
import { allTools } from './tools/all-tools.ts';
import type { MetaTool, MetaToolOutcome } from './tools/meta-tool.ts';
import { InputError, type RawInput, ToolInput } from './tools/tool-input.ts';

/** Revisions with an `initialize` handshake, newest first. */
const protocolVersions = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05', '2024-10-07'] as const;

const instructions =
  'One gateway to many MCP servers: list_servers, then get_server_tools, then execute_tool. If a server needs a login, show the user its login_url.';

export interface UpstreamDeps {
  /** May still be loading: the handshake does not wait for it. */
  readonly gateway: Promise<Gateway>;
  readonly log: LogPort;
}

export interface UpstreamSettings {
  readonly version: string;
  readonly debug: boolean;
}

/** Serves one host on one channel. Resolves when the channel has ended. */
export async function serveHost(
  channel: MessageChannel,
  deps: UpstreamDeps,
  settings: UpstreamSettings,
): Promise<void> {
  const tools = allTools(settings);
  let end: () => void;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const peer: Peer = new Peer(channel, {
    request: (request) => answer(request, session, tools, deps, settings),
    notification: () => undefined,
    error: (error) => deps.log.debug({ err: error }, 'a message of the host was not understood'),
    closed: () => end(),
  });
  const session = new HostSession(peer, deps.log);
  await peer.start();
  await ended;
}

async function answer(
  request: IncomingRequest,
  session: HostSession,
  tools: ReadonlyMap<string, MetaTool>,
  deps: UpstreamDeps,
  settings: UpstreamSettings,
): Promise<unknown> {
  switch (request.method) {
    case 'initialize':
      session.introduce(request.params);
      return initialize(request.params, settings);
    case 'ping':
      return {};
    case 'tools/list':
      return { tools: [...tools.values()].map(({ definition }) => definition) };
    case 'tools/call':
      return await callTool(request, session, tools, deps);
    default:
      throw new RpcError(rpcCodes.methodNotFound, `Method not found: ${request.method.slice(0, 80)}`);
  }
}

function initialize(params: RawInput, { version }: UpstreamSettings): object {
  const asked = params['protocolVersion'];
  return {
    protocolVersion: protocolVersions.find((known) => known === asked) ?? protocolVersions[0],
    capabilities: { tools: {} },
    serverInfo: { name: 'portico', title: 'Portico', version },
    instructions,
  };
}

async function callTool(
  request: IncomingRequest,
  session: HostSession,
  tools: ReadonlyMap<string, MetaTool>,
  { gateway, log }: UpstreamDeps,
): Promise<unknown> {
  const { name, arguments: given } = request.params;
  const tool = typeof name === 'string' ? tools.get(name) : undefined;
  if (!tool) throw new RpcError(rpcCodes.invalidParams, `Unknown tool: ${String(name).slice(0, 80)}`);
  try {
    const outcome = await run(tool, await gateway, new ToolInput(inputOf(given)), session.hostOf(request));
    return outcome.kind === 'relayed' ? outcome.result : presentValue(outcome.value);
  } catch (error) {
    const failure = asGatewayError(error);
    if (failure.code === 'INTERNAL') log.error({ err: failure.cause ?? failure, tool: name }, 'a call failed inside');
    return presentError(failure);
  }
}

async function run(tool: MetaTool, gateway: Gateway, input: ToolInput, host: Host): Promise<MetaToolOutcome> {
  try {
    return await tool.run(gateway, input, host);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return await gateway.refuse({ name: tool.definition.name, ...input.about() }, error, host);
  }
}

function inputOf(given: unknown): RawInput {
  return typeof given === 'object' && given !== null && !Array.isArray(given) ? (given as RawInput) : {};
}
