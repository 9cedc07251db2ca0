// Owns how a host of 2026-07-28 speaks, as raw messages: every request says what the host is.
import type { GatewayProcess } from './gateway-process.ts';
import type { Json, RequestOptions } from './json-rpc-process.ts';

export const everyCapability = { elicitation: { form: {}, url: {} }, sampling: {}, roots: { listChanged: true } };

export interface ModernRequest {
  readonly capabilities?: object;
  /** Members of `_meta` besides. */
  readonly meta?: object;
  /** Params besides: `inputResponses`, `requestState`. */
  readonly more?: object;
}

export function modernMeta(capabilities: object = everyCapability, more: object = {}): object {
  return {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': capabilities,
    ...more,
  };
}

export function modernRequest(
  gateway: GatewayProcess,
  method: string,
  params: object = {},
  { capabilities, meta, more }: ModernRequest = {},
  options: RequestOptions = {},
): Promise<Json> {
  return gateway.request(method, { ...params, ...more, _meta: modernMeta(capabilities, meta) }, options);
}

/** A tool of a server behind the gateway. */
export function modernCall(
  gateway: GatewayProcess,
  { server, tool, args = {} }: { readonly server: string; readonly tool: string; readonly args?: object },
  request: ModernRequest = {},
): Promise<Json> {
  return modernRequest(gateway, 'tools/call', { name: 'execute_tool', arguments: { server, tool, args } }, request);
}
