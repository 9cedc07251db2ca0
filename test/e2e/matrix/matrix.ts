// Owns the hosts, gateways and servers of the matrix: each is started when first needed, all end together.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { startSdk1Http } from '../../../fixtures/matrix/sdk1-http.mjs';
import { startSdk2Http } from '../../../fixtures/matrix/sdk2-http.mjs';
import type { Home } from '../../helpers/home.ts';
import { mainFile, publishedServer, root, type ServerCommand } from '../../helpers/programs.ts';
import { Stage, until } from '../../helpers/stage.ts';
import type { Door } from './exchanges.ts';
import { type Era, eraOf, type HostKind, MatrixHost, type Target } from './host.ts';
import type { ServerName } from './vocabulary.ts';

/** The eras a server speaks. */
const erasOf: Readonly<Record<ServerName, readonly Era[]>> = {
  'sdk1-stdio': ['legacy'],
  'sdk1-http': ['legacy'],
  'sdk2-stdio': ['legacy', 'modern'],
  'sdk2-pinned': ['legacy', 'modern'],
  'sdk2-http': ['modern'],
  everything: ['legacy'],
};

const hostOfEra: Readonly<Record<Era, HostKind>> = { legacy: 'SDK 2.x legacy host', modern: 'SDK 2.x modern host' };

interface Connected {
  readonly host: MatrixHost;
  readonly home: Home;
}

export class Matrix {
  readonly #stage = new Stage();
  readonly #connected = new Map<string, Promise<Connected>>();
  #urls: Readonly<Partial<Record<ServerName, string>>> = {};

  async open(): Promise<void> {
    const sdk1 = await startSdk1Http();
    this.#stage.own(() => sdk1.close());
    const sdk2 = await startSdk2Http();
    this.#stage.own(() => sdk2.close());
    this.#urls = { 'sdk1-http': sdk1.url, 'sdk2-http': sdk2.url };
  }

  close(): Promise<void> {
    return this.#stage.close();
  }

  /** The host itself where it can speak to the server, else one that can. */
  yardstickHost(kind: HostKind, server: ServerName): HostKind {
    const eras = erasOf[server];
    return eras.includes(eraOf(kind)) ? kind : hostOfEra[eras[0] ?? 'legacy'];
  }

  async straight(kind: HostKind, server: ServerName): Promise<Door> {
    const { host, home } = await this.#once(`${kind} ${server}`, async () => {
      const made = this.#stage.home();
      const url = this.#urls[server];
      const target = url === undefined ? { ...this.#command(server, made), ...placeOf(made) } : { url };
      return { home: made, host: await this.#connect(kind, target) };
    });
    return {
      host,
      call: (tool, args, options) => host.call(tool, args, options),
      resources: () => host.request('listResources'),
      resource: (uri) => host.request('readResource', { uri }),
      prompts: () => host.request('listPrompts'),
      prompt: (name, args) => host.request('getPrompt', { name, arguments: args }),
      cancelled: (key) => heard(server, home, () => host.call('cancelled', { key })),
    };
  }

  /** One gateway for each kind of host, with all servers behind it. */
  async through(kind: HostKind, server: ServerName): Promise<Door> {
    const { host, home } = await this.#once(kind, async () => {
      const made = this.#stage.home();
      made.writeServers(this.#entries(made));
      const gateway = { command: execPath, args: [mainFile, 'serve'], ...placeOf(made) };
      return { home: made, host: await this.#connect(kind, gateway) };
    });
    const value = async (tool: string, args: object) => {
      const { structuredContent, isError } = await host.call(tool, { server, ...args });
      if (isError) throw new Error(JSON.stringify(structuredContent));
      return structuredContent;
    };
    const call: Door['call'] = (tool, args = {}, options) => host.call('execute_tool', { server, tool, args }, options);
    return {
      host,
      call,
      resources: () => value('list_server_resources', {}),
      resource: (uri) => value('read_server_resource', { uri }),
      prompts: () => value('list_server_prompts', {}),
      prompt: (name, args) => value('get_server_prompt', { name, arguments: args }),
      cancelled: (key) => heard(server, home, () => call('cancelled', { key })),
    };
  }

  /** Server → the revision that the gateway of this host speaks with it. All of them have been called before. */
  async revisions(kind: HostKind): Promise<Readonly<Record<string, string>>> {
    const { host } = await this.through(kind, 'everything');
    const { structuredContent } = await host.call('list_servers', { include_metadata: true });
    const servers = structuredContent.servers as readonly { name: string; protocol: string }[];
    return Object.fromEntries(servers.map(({ name, protocol }) => [name, protocol]));
  }

  #once(key: string, connect: () => Promise<Connected>): Promise<Connected> {
    const found = this.#connected.get(key) ?? connect();
    this.#connected.set(key, found);
    return found;
  }

  async #connect(kind: HostKind, target: Target): Promise<MatrixHost> {
    const host = await MatrixHost.connect(kind, target);
    this.#stage.own(() => host.close());
    return host;
  }

  #entries(home: Home): Readonly<Record<string, object>> {
    const stdio = (['sdk1-stdio', 'sdk2-stdio', 'sdk2-pinned', 'everything'] as const).map((name) => [
      name,
      { ...this.#command(name, home), ...(name === 'sdk2-pinned' && { protocol: '2025-11-25' }) },
    ]);
    const http = Object.entries(this.#urls).map(([name, url]) => [name, { url, oauth: false }]);
    return Object.fromEntries([...stdio, ...http]);
  }

  #command(server: ServerName, home: Home): ServerCommand {
    if (server !== 'everything')
      return { command: execPath, args: [fixture(server.replace(/stdio|pinned/u, 'server'))] };
    const { command, args } = publishedServer('everything', 'stdio');
    return { command: execPath, args: [fixture('overheard'), overheardIn(home), command, ...args] };
  }
}

const fixture = (name: string): string => join(root, 'fixtures', 'matrix', `${name}.mjs`);
const placeOf = (home: Home) => ({ cwd: home.directory, env: home.env });
const overheardIn = (home: Home): string => join(home.directory, 'overheard');

/** Our servers tell it themselves; of server-everything we hear what it is told. */
async function heard(server: ServerName, home: Home, ask: () => Promise<{ content: readonly { text: string }[] }>) {
  if (server === 'everything') {
    return until(() => readFileSync(overheardIn(home), 'utf8').includes('"notifications/cancelled"'));
  }
  return (await ask()).content[0]?.text === 'cancelled';
}
