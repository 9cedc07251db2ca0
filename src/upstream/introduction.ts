// Owns what the gateway says of itself to a host, in either era.

import { modernVersion } from './request-meta.ts';
import type { RawInput } from './tools/tool-input.ts';

/** Revisions with an `initialize` handshake, newest first. */
const handshakeVersions = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05', '2024-10-07'] as const;

export const supportedVersions: readonly string[] = [modernVersion, ...handshakeVersions];

const instructions = {
  meta: 'One gateway to many MCP servers: search_tools or list_servers, then get_server_tools, then execute_tool. If a server needs a login, show the user its login_url.',
  direct:
    'One gateway to many MCP servers; their tools are named server__tool. list_servers shows the servers. If one needs a login, its tools appear after login_server: show the user its login_url.',
} as const;

export interface IntroductionSettings {
  readonly version: string;
  readonly expose: 'meta' | 'direct';
}

/** How long a host may keep what seldom changes; who listens for changes hears of them at once. Milliseconds. */
const lastingMs = 60_000;

const always = { tools: { listChanged: true }, logging: {} };
const capabilities = {
  meta: always,
  direct: {
    ...always,
    resources: { subscribe: true, listChanged: true },
    prompts: { listChanged: true },
    completions: {},
  },
} as const;

export function initializeResult(params: RawInput, { version, expose }: IntroductionSettings): object {
  const asked = params['protocolVersion'];
  return {
    protocolVersion: handshakeVersions.find((known) => known === asked) ?? handshakeVersions[0],
    capabilities: capabilities[expose],
    serverInfo: serverInfo(version),
    instructions: instructions[expose],
  };
}

/** 2026-07-28, server/discover. */
export function discoverResult({ version, expose }: IntroductionSettings): object {
  return {
    resultType: 'complete',
    supportedVersions,
    capabilities: { ...capabilities[expose], extensions: { 'io.modelcontextprotocol/tasks': {} } },
    instructions: instructions[expose],
    ...cacheHints,
    _meta: { 'io.modelcontextprotocol/serverInfo': serverInfo(version) },
  };
}

/** 2026-07-28, server/utilities/caching: what is shown depends on who asks. */
export const cacheHints = { ttlMs: lastingMs, cacheScope: 'private' } as const;

function serverInfo(version: string): object {
  return { name: 'portico', title: 'Portico', version };
}
