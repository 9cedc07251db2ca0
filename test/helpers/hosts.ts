// Owns the two independent clients that stand for hosts: SDK 1.x, and SDK 2.x in both of its modes. Each is shown with
// the same few methods, and hides nothing of what came.

import { execPath } from 'node:process';
import * as v2 from '@modelcontextprotocol/client';
import { StdioClientTransport as V2Transport } from '@modelcontextprotocol/client/stdio';
import { Client as V1Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as V1Transport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { Home } from './home.ts';
import type { Json, Result } from './json-rpc-process.ts';
import { mainFile } from './programs.ts';

export const hostKinds = ['SDK 1.x', 'SDK 2.x', 'SDK 2.x that probes for newer revisions'] as const;
export type HostKind = (typeof hostKinds)[number];

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onprogress?: (progress: Json) => void;
  readonly timeout?: number;
}

export interface TestHost {
  readonly serverName: string | undefined;
  readonly instructions: string | undefined;
  readonly capabilities: object | undefined;
  /** As `tools/list` gave them, after the client's own validation. */
  tools(): Promise<readonly Json[]>;
  call(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<Result>;
  readonly isModern: boolean;
  /** Not in the modern era, which has none. */
  ping(): Promise<unknown>;
  /** A request that the gateway does not know. @throws the client's error */
  unknownRequest(): Promise<unknown>;
  close(): Promise<void>;
}

/** `onTools`: what a client lists anew when it is told that the tools changed. */
export async function connectHost(
  kind: HostKind,
  home: Home,
  args: readonly string[] = [],
  onTools?: (tools: readonly Json[]) => void,
): Promise<TestHost> {
  const onChanged = (_error: Error | null, tools: readonly Json[] | null): void => onTools?.(tools ?? []);
  const watching = onTools && { listChanged: { tools: { debounceMs: 0, onChanged } } };
  const command = {
    command: execPath,
    args: [mainFile, 'serve', ...args],
    env: { ...home.env },
    cwd: home.directory,
    stderr: 'ignore' as const,
  };
  const name = { name: 'test-host', version: '1.0.0' };
  if (kind === 'SDK 1.x') {
    const client = new V1Client(name, { ...watching });
    await client.connect(new V1Transport(command));
    return {
      serverName: client.getServerVersion()?.name,
      instructions: client.getInstructions(),
      capabilities: client.getServerCapabilities(),
      tools: async () => (await client.listTools()).tools,
      call: async (tool, given = {}, options = {}) =>
        (await client.callTool({ name: tool, arguments: given }, undefined, options)) as Result,
      isModern: false,
      ping: () => client.ping(),
      unknownRequest: () => client.getPrompt({ name: 'x' }),
      close: () => client.close(),
    };
  }
  const mode = kind === 'SDK 2.x' ? 'legacy' : 'auto';
  const client = new v2.Client(name, { versionNegotiation: { mode }, ...watching });
  await client.connect(new V2Transport(command));
  return {
    serverName: client.getServerVersion()?.name,
    instructions: client.getInstructions(),
    capabilities: client.getServerCapabilities(),
    tools: async () => (await client.listTools()).tools,
    call: async (tool, given = {}, options = {}) =>
      (await client.callTool({ name: tool, arguments: given }, options)) as Result,
    isModern: client.getProtocolEra() === 'modern',
    ping: () => client.ping(),
    unknownRequest: () => client.getPrompt({ name: 'x' }),
    close: () => client.close(),
  };
}
