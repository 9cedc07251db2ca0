// Owns what the tests of this room share: dependencies, entries, and the check that no process is left.
import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { HttpServerEntry, StdioServerEntry } from '../../src/config/server-entry.ts';
import type { DownstreamDeps } from '../../src/downstream/downstream-deps.ts';
import type { EraMemory } from '../../src/downstream/era-memory.ts';
import type { LogPort } from '../../src/lib/log-port.ts';

export const { env, execPath } = process;

function fixture(name: string): string {
  return fileURLToPath(new URL(`../../fixtures/servers/${name}.mjs`, import.meta.url));
}

export function binary(name: string): string {
  return fileURLToPath(new URL(`../../node_modules/.bin/${name}`, import.meta.url));
}

export interface LogLine {
  readonly level: string;
  readonly details: Record<string, unknown>;
  readonly message: string;
}

export function recordingLog(): { log: LogPort; lines: LogLine[] } {
  const lines: LogLine[] = [];
  const at = (level: string) => (details: Record<string, unknown>, message: string) => {
    lines.push({ level, details, message });
  };
  return { log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }, lines };
}

export function testDeps(more: Partial<DownstreamDeps> = {}): DownstreamDeps {
  return {
    fetchFor: () => fetch,
    env,
    execPath,
    platform: process.platform,
    version: '0.0.0',
    now: () => Date.now(),
    log: recordingLog().log,
    ...more,
  };
}

/** What is remembered where every server is known as one of the revisions with a handshake. */
export function legacyEras(): EraMemory {
  return {
    recall: async () => 'legacy',
    keep: () => undefined,
    forget: () => undefined,
    settled: async () => undefined,
  };
}

export function stdioEntry(more: Partial<StdioServerEntry> & { fixture?: string } = {}): StdioServerEntry {
  const { fixture: name = 'echo', args = [], ...rest } = more;
  return {
    kind: 'stdio',
    name: 'one',
    command: execPath,
    args: rest.command === undefined ? [fixture(name), ...args] : args,
    env: {},
    inheritEnv: [],
    disabled: false,
    timeoutMs: 20_000,
    totalTimeoutMs: 3_600_000,
    connectTimeoutMs: 20_000,
    maxResultBytes: 1_048_576,
    protocol: 'auto',
    ...rest,
  };
}

export function httpEntry(url: string, more: Partial<HttpServerEntry> = {}): HttpServerEntry {
  return {
    kind: 'http',
    name: 'web',
    transport: 'auto',
    url,
    headers: {},
    oauth: false,
    disabled: false,
    timeoutMs: 20_000,
    totalTimeoutMs: 3_600_000,
    connectTimeoutMs: 20_000,
    maxResultBytes: 1_048_576,
    protocol: 'auto',
    ...more,
  };
}

/** Resolves as soon as the condition holds; the test's own time limit ends a wait in vain. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Process ids in a process group that still run; zombies, which only wait for their parent, do not count. */
export function processesOfGroup(group: number): number[] {
  if (process.platform !== 'linux') return aliveGroup(group) ? [group] : [];
  const found: number[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const [state, , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (Number(pgrp) === group && state !== 'Z') found.push(Number(name));
    } catch {
      // It ended while the list was read.
    }
  }
  return found;
}

function aliveGroup(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    // Nobody is there to be signalled.
    return false;
  }
}
