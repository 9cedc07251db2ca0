// Owns where the programs are that the end-to-end tests start: the built command, real servers, fixture servers.
import { join } from 'node:path';
import { execPath, env as ownEnvironment } from 'node:process';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** `PORTICO_MAIN` tests another build, for example the one that was packed and installed. */
export const mainFile = ownEnvironment['PORTICO_MAIN'] ?? join(root, 'dist', 'main.js');

export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
}

/** A server of fixtures/servers, as an entry of a config. */
export function fixtureServer(name: string, ...args: readonly string[]): ServerCommand {
  return { command: execPath, args: [join(root, 'fixtures', 'servers', `${name}.mjs`), ...args] };
}

/** A server that nobody here wrote. */
export function publishedServer(name: 'everything' | 'filesystem' | 'memory', ...args: string[]): ServerCommand {
  const file = join(root, 'node_modules', '@modelcontextprotocol', `server-${name}`, 'dist', 'index.js');
  return { command: execPath, args: [file, ...args] };
}

/** For `GATEWAY_BROWSER`: a browser whose human approves. */
export const approvingBrowser = `${execPath} ${join(root, 'test', 'helpers', 'approving-browser.mjs')}`;

/** One whose human looks away. */
export const silentBrowser = `${approvingBrowser} --only-note`;
