// Owns the command by which a host starts this gateway without a shell and its PATH. Pure but for one look at which
// names lead to the node that runs now.
import { realpath } from 'node:fs/promises';
import { posix, win32 } from 'node:path';
import type { StartCommand } from './host-table.ts';

export interface StartWishes {
  readonly platform: NodeJS.Platform;
  /** The node that runs now. */
  readonly execPath: string;
  /** `dist/main.js` of this installation. */
  readonly mainFile: string;
  /** Through `npx`, which fetches the package by itself. Undefined: only where this very run came from there. */
  readonly npx: boolean | undefined;
  /** Absolute. */
  readonly config: string;
  readonly rules?: string | undefined;
  readonly tokenDir?: string | undefined;
  readonly agent?: string | undefined;
  /** Variables that are no secrets and without which the gateway would not find its files. */
  readonly env: Readonly<Record<string, string>>;
}

/** What was found on this machine. */
export interface StartParts {
  /** A name of the node that runs now, see `lastingNode`. */
  readonly node: string;
  /** The script of `npx` that belongs to it, see `npxScript`. */
  readonly npx: string | undefined;
}

export async function findGatewayStart(wishes: StartWishes): Promise<StartCommand> {
  const { execPath, platform } = wishes;
  const node = await lastingNode(execPath, platform);
  return gatewayStart(wishes, { node, npx: await npxScript([node, execPath], platform) });
}

export function gatewayStart(wishes: StartWishes, { node, npx }: StartParts): StartCommand {
  const { platform, mainFile, env } = wishes;
  const { dirname } = platform === 'win32' ? win32 : posix;
  const args = ['serve', '--config', wishes.config];
  if (wishes.rules !== undefined) args.push('--rules', wishes.rules);
  if (wishes.tokenDir !== undefined) args.push('--token-dir', wishes.tokenDir);
  if (wishes.agent !== undefined) args.push('--agent', wishes.agent);
  if (!(wishes.npx ?? isPassing(mainFile))) {
    return { command: node, args: [mainFile, ...args], env, slowStart: false };
  }
  // Not `npx` itself: it is a script that looks for node on the PATH, as is everything that it starts.
  const path = [dirname(node), '/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'].join(':');
  const words = ['-y', 'mcp-portico', ...args];
  return {
    ...(npx === undefined ? { command: 'npx', args: words } : { command: node, args: [npx, ...words] }),
    // On Windows programs with a window have the user's PATH.
    env: platform === 'win32' ? env : { PATH: path, ...env },
    slowStart: true,
  };
}

/** Where npm puts that script beside a node: official builds and version managers, Homebrew, Debian. */
export function npxScriptNames(node: string, platform: NodeJS.Platform): readonly string[] {
  const { dirname, join } = platform === 'win32' ? win32 : posix;
  const script = ['npm', 'bin', 'npx-cli.js'];
  if (platform === 'win32') return [join(dirname(node), 'node_modules', ...script)];
  const prefix = dirname(dirname(node));
  return [
    join(prefix, 'lib', 'node_modules', ...script),
    join(prefix, 'libexec', 'lib', 'node_modules', ...script),
    join(prefix, 'share', 'nodejs', ...script),
  ];
}

async function npxScript(nodes: readonly string[], platform: NodeJS.Platform): Promise<string | undefined> {
  for (const name of nodes.flatMap((node) => npxScriptNames(node, platform))) {
    if ((await realPath(name)) !== undefined) return name;
  }
  return undefined;
}

/** npm may empty this folder at any time. */
function isPassing(mainFile: string): boolean {
  return /[\\/]_npx[\\/]/.test(mainFile);
}

/** Names that go on leading to node when another version takes the place of this one, best first. */
export function lastingNodeNames(execPath: string, platform: NodeJS.Platform): readonly string[] {
  const names: string[] = [];
  const homebrew = /^(.*)\/Cellar\/(node(?:@\d+)?)\/[^/]+\/bin\/node$/.exec(execPath);
  if (homebrew) names.push(`${homebrew[1]}/opt/${homebrew[2]}/bin/node`, `${homebrew[1]}/bin/node`);
  const mise = /^(.*\/(?:mise|rtx)\/installs\/node)\/(\d+)\.[^/]+\/bin\/node$/.exec(execPath);
  if (mise) names.push(`${mise[1]}/${mise[2]}/bin/node`, `${mise[1]}/latest/bin/node`);
  const fnm = /^(.*)\/node-versions\/[^/]+\/installation\/bin\/node$/.exec(execPath);
  if (fnm) names.push(`${fnm[1]}/aliases/default/bin/node`);
  const nvm = /^(.*\/\.nvm)\/versions\/node\/[^/]+\/bin\/node$/.exec(execPath);
  if (nvm) names.push(`${nvm[1]}/current/bin/node`);
  const nix = /^\/nix\/store\//.test(execPath);
  if (nix) names.push('/run/current-system/sw/bin/node');
  if (platform === 'win32' && /\\nvm\\v[\d.]+\\node\.exe$/i.test(execPath)) {
    names.push('C:\\Program Files\\nodejs\\node.exe', 'C:\\nvm4w\\nodejs\\node.exe');
  }
  return names;
}

/** The first lasting name that leads to the node that runs now; else its own path. */
async function lastingNode(execPath: string, platform: NodeJS.Platform): Promise<string> {
  const own = await realPath(execPath);
  for (const name of lastingNodeNames(execPath, platform)) {
    const target = await realPath(name);
    if (target !== undefined && target === own) return name;
  }
  return execPath;
}

async function realPath(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch {
    // Whatever the reason: it is not a name to write down.
    return undefined;
  }
}

/** Whether an entry of a host starts this gateway. `entry`: as the host has it. */
export function startsGateway(entry: unknown, mainFile: string): boolean {
  if (typeof entry !== 'object' || entry === null) return false;
  const { command, args } = entry as { readonly command?: unknown; readonly args?: unknown };
  // Zed once had an object here.
  const inner = typeof command === 'object' && command !== null ? (command as Record<string, unknown>) : undefined;
  const words = [inner?.['path'] ?? command, ...list(inner?.['args'] ?? args)].filter(
    (word) => typeof word === 'string',
  );
  return words.some((word, index) => isGateway(word, index, mainFile));
}

function isGateway(word: string, index: number, mainFile: string): boolean {
  if (word === mainFile || /(?:^|[\\/])mcp-portico[\\/]dist[\\/]main\.js$/.test(word)) return true;
  if (/^mcp-portico(?:@[\w.^~-]+)?$/.test(word)) return true;
  return index === 0 && /(?:^|[\\/])portico(?:\.(?:cmd|exe|ps1))?$/i.test(word);
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
