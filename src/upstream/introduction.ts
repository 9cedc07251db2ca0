// Owns what the gateway says of itself to a host, in either era.

import { modernVersion } from './request-meta.ts';
import type { RawInput } from './tools/tool-input.ts';

/** Revisions with an `initialize` handshake, newest first. */
const handshakeVersions = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05', '2024-10-07'] as const;

export const supportedVersions: readonly string[] = [modernVersion, ...handshakeVersions];

const instructions =
  'One gateway to many MCP servers: search_tools or list_servers, then get_server_tools, then execute_tool. If a server needs a login, show the user its login_url.';

/** How long a host may keep what does not change before the gateway ends. Milliseconds. */
const lastingMs = 60 * 60_000;

const capabilities = { tools: { listChanged: true }, logging: {} };

export function initializeResult(params: RawInput, version: string): object {
  const asked = params['protocolVersion'];
  return {
    protocolVersion: handshakeVersions.find((known) => known === asked) ?? handshakeVersions[0],
    capabilities,
    serverInfo: serverInfo(version),
    instructions,
  };
}

/** 2026-07-28, server/discover. */
export function discoverResult(version: string): object {
  return {
    resultType: 'complete',
    supportedVersions,
    capabilities: { ...capabilities, extensions: { 'io.modelcontextprotocol/tasks': {} } },
    instructions,
    ...cacheHints,
    _meta: { 'io.modelcontextprotocol/serverInfo': serverInfo(version) },
  };
}

/** 2026-07-28, server/utilities/caching: what is shown depends on who asks. */
export const cacheHints = { ttlMs: lastingMs, cacheScope: 'private' } as const;

function serverInfo(version: string): object {
  return { name: 'portico', title: 'Portico', version };
}
