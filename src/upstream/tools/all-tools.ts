// Owns which meta tools there are.

import type { Offers } from '../../gateway/permitted-offers.ts';
import { completeServerArgumentTool } from './complete-server-argument.ts';
import { executeToolTool } from './execute-tool.ts';
import { getGatewayStatusTool } from './get-gateway-status.ts';
import { getServerPromptTool } from './get-server-prompt.ts';
import { getServerToolsTool } from './get-server-tools.ts';
import { listServerPromptsTool } from './list-server-prompts.ts';
import { listServerResourcesTool } from './list-server-resources.ts';
import { listServersTool } from './list-servers.ts';
import { loginServerTool } from './login-server.ts';
import type { MetaTool } from './meta-tool.ts';
import { readResultTool } from './read-result.ts';
import { readServerResourceTool } from './read-server-resource.ts';
import { searchToolsTool } from './search-tools.ts';

const always: readonly MetaTool[] = [
  listServersTool,
  searchToolsTool,
  getServerToolsTool,
  executeToolTool,
  readResultTool,
  loginServerTool,
];

/** Of use only where a server has what they are about. */
const whereOffered: readonly (readonly [keyof Offers, readonly MetaTool[]])[] = [
  ['resources', [listServerResourcesTool, readServerResourceTool]],
  ['prompts', [listServerPromptsTool, getServerPromptTool]],
];

/** Those who know of it can call it; few agents would, and it would cost every one of them a hundred tokens. */
const unlisted: readonly MetaTool[] = [completeServerArgumentTool];

/** Every tool that can be called, listed or not. */
export function allTools(settings: { readonly debug: boolean }): ReadonlyMap<string, MetaTool> {
  const others = whereOffered.flatMap(([, family]) => family);
  const tools = [...always, ...others, ...unlisted, ...(settings.debug ? [getGatewayStatusTool] : [])];
  return new Map<string, MetaTool>(tools.map((tool) => [tool.definition.name, tool]));
}

/** Whether a tool is worth its tokens where the servers are known to have so much. */
export function isListed(tool: MetaTool, offers: Offers | undefined): boolean {
  if (unlisted.includes(tool)) return false;
  const [kind] = whereOffered.find(([, family]) => family.includes(tool)) ?? [];
  return kind === undefined || offers?.[kind] === true;
}
