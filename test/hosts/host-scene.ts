// Owns one user with hosts in a directory of its own, for tests of what is done to their configs.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { HostDeps, HostTarget } from '../../src/hosts/find-hosts.ts';
import type { HostId } from '../../src/hosts/host-places.ts';
import { hostPlaces } from '../../src/hosts/host-places.ts';
import { hostTable, type StartCommand } from '../../src/hosts/host-table.ts';

export interface HostScene {
  readonly deps: HostDeps;
  readonly serversFile: string;
  readonly start: StartCommand;
  /** The host with this config. */
  host(id: HostId, text: string | object): HostTarget;
  read(file: string): string;
  write(file: string, text: string | object): void;
  servers(): Record<string, unknown>;
}

export function hostScene(): HostScene {
  // Every write is synced to the disk; in memory that takes no time.
  const home = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'portico-hosts-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const deps: HostDeps = {
    platform: 'linux',
    env: {},
    home,
    dataDir: join(home, 'data'),
    mainFile: '/opt/portico/main.js',
  };
  const serversFile = join(home, 'portico', 'mcp.json');
  const read = (file: string): string => readFileSync(file, 'utf8');
  const write = (file: string, text: string | object): void => {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof text === 'string' ? text : `${JSON.stringify(text, null, 2)}\n`);
  };
  return {
    deps,
    serversFile,
    start: {
      command: '/usr/bin/node',
      args: [deps.mainFile, 'serve', '--config', serversFile],
      env: {},
      slowStart: false,
    },
    host(id, text) {
      const file = hostPlaces(id, deps)[0]?.file ?? '';
      write(file, text);
      return { id, title: hostTable[id].title, file };
    },
    read,
    write,
    servers: () => JSON.parse(read(serversFile)).mcpServers,
  };
}
