// Owns config files for tests: a temporary directory each, removed after the test.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { loadServers } from '../../src/config/load-servers.ts';
import type { ConfigIssue, ConfiguredServer, LoadedServers, ServerEntry } from '../../src/config/server-entry.ts';

export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'portico-config-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

export async function writeConfig(content: string | Buffer | object, name = '.mcp.json'): Promise<string> {
  const path = join(await temporaryDirectory(), name);
  const isText = typeof content === 'string' || Buffer.isBuffer(content);
  await writeFile(path, isText ? content : JSON.stringify(content, null, 2));
  return path;
}

export async function loadText(content: string | object, env: Record<string, string> = {}): Promise<LoadedServers> {
  return loadServers({ path: await writeConfig(content), env });
}

/** One entry, loaded alone. */
export async function loadOne(
  entry: unknown,
  env: Record<string, string> = {},
): Promise<{ server: ConfiguredServer; issues: readonly ConfigIssue[] }> {
  const loaded = await loadText({ mcpServers: { one: entry } }, env);
  const server = loaded.servers.get('one');
  if (!server) throw new Error('the entry is not there');
  return { server, issues: loaded.issues };
}

export async function usableEntry(entry: unknown, env: Record<string, string> = {}): Promise<ServerEntry> {
  const { server, issues } = await loadOne(entry, env);
  if (server.state !== 'usable') throw new Error(issues.map((issue) => issue.message).join('\n'));
  return server.entry;
}
