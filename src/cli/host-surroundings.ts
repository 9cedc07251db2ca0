// Owns what the commands about hosts need to know of this machine and this run: where things are, and how a host shall
// start the gateway. Reads no host's config.
import { lstat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { HostDeps } from '../hosts/find-hosts.ts';
import type { StartWishes } from '../hosts/gateway-start.ts';
import { expandHome } from '../lib/home-path.ts';
import { isThere } from '../lib/json-file.ts';
import { findPaths } from '../paths.ts';
import type { Settings } from '../settings.ts';
import type { CliContext } from './context.ts';

type Here = Pick<CliContext, 'env' | 'cwd' | 'platform' | 'execPath' | 'mainFile'>;

export function hostDepsOf(context: Here): HostDeps {
  const { env, platform, mainFile } = context;
  const home = (platform === 'win32' ? env['USERPROFILE'] : env['HOME']) || homedir();
  return { platform, env, home, mainFile, dataDir: findPaths(context).dataDir };
}

/**
 * The servers file that a host shall use: as named, else the user's own. A file in the working directory is used only
 * where it is named, since a host starts somewhere else.
 */
export function hostServersFile(context: Here, settings: Settings): string {
  const named = settings.serversFile || context.env['GATEWAY_MCP_CONFIG'];
  return named ? resolve(context.cwd, expandHome(named, context.env)) : join(findPaths(context).configDir, 'mcp.json');
}

export function startWishesOf(
  context: Here,
  settings: Settings,
  { agent, npx }: { readonly agent?: string | undefined; readonly npx?: boolean | undefined },
): StartWishes {
  const { env, cwd, platform, execPath, mainFile } = context;
  const absolute = (path: string | undefined): string | undefined =>
    path ? resolve(cwd, expandHome(path, env)) : undefined;
  const keyFile = absolute(env['GATEWAY_TOKEN_KEY_FILE']);
  return {
    platform,
    execPath,
    mainFile,
    npx,
    config: hostServersFile(context, settings),
    rules: absolute(settings.rulesFile || env['GATEWAY_RULES']),
    tokenDir: absolute(settings.tokenDir || env['GATEWAY_TOKEN_DIR']),
    agent,
    env: {
      ...(keyFile === undefined ? {} : { GATEWAY_TOKEN_KEY_FILE: keyFile }),
      // The word says where the key is; any other value would be the key itself.
      ...(env['GATEWAY_TOKEN_KEY'] === 'keychain' ? { GATEWAY_TOKEN_KEY: 'keychain' } : {}),
    },
  };
}

/** What will not work as it does in this shell, and what to do about it. */
export async function hostNotes(context: Here, settings: Settings): Promise<readonly string[]> {
  const { env, cwd } = context;
  const file = hostServersFile(context, settings);
  const notes: string[] = [];
  if (!(await isThere(file))) {
    notes.push(`There is no ${file} yet. Take servers over with portico import-config, or write the file.`);
  }
  const local = join(cwd, '.mcp.json');
  if (file !== local && !settings.serversFile && !env['GATEWAY_MCP_CONFIG'] && (await isLinkOrFile(local))) {
    notes.push(`It uses ${file}, not the .mcp.json of this folder; --config .mcp.json would name that one.`);
  }
  if (env['GATEWAY_TOKEN_KEY'] && env['GATEWAY_TOKEN_KEY'] !== 'keychain') {
    notes.push(
      'GATEWAY_TOKEN_KEY is set here and is not written into a config: logins made here cannot be read there.',
    );
    notes.push('  Use GATEWAY_TOKEN_KEY_FILE, or GATEWAY_TOKEN_KEY=keychain, and install again.');
  }
  return notes;
}

async function isLinkOrFile(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch {
    // Not there, or not to be seen: then it is in nobody's way.
    return false;
  }
}
