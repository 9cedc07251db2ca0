// Owns which meta tools there are.
import { executeToolTool } from './execute-tool.ts';
import { getGatewayStatusTool } from './get-gateway-status.ts';
import { getServerToolsTool } from './get-server-tools.ts';
import { listServersTool } from './list-servers.ts';
import { loginServerTool } from './login-server.ts';
import type { MetaTool } from './meta-tool.ts';
import { readResultTool } from './read-result.ts';
import { searchToolsTool } from './search-tools.ts';

const always: readonly MetaTool[] = [
  listServersTool,
  searchToolsTool,
  getServerToolsTool,
  executeToolTool,
  readResultTool,
  loginServerTool,
];

export function allTools(settings: { readonly debug: boolean }): ReadonlyMap<string, MetaTool> {
  const tools = settings.debug ? [...always, getGatewayStatusTool] : always;
  return new Map<string, MetaTool>(tools.map((tool) => [tool.definition.name, tool]));
}
