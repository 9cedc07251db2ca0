// Owns where the two config files are looked for; knows nothing of what stands in them.
import { lstat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { expandHome } from '../lib/home-path.ts';
import type { Environment } from './expand-env.ts';

export interface FoundServersFile {
  /** Absolute. A file named by flag or environment need not exist: reading it then says so. */
  readonly path: string;
  readonly origin: 'flag' | 'environment' | 'working directory' | 'user config';
}

export interface FoundRulesFile {
  readonly path: string;
  readonly origin: 'flag' | 'environment' | 'beside the config' | 'user config';
}

interface Places {
  /** The value of the command line option. */
  readonly flag?: string | undefined;
  readonly env: Environment;
  /** Relative paths start here; without it at the working directory of the process. */
  readonly cwd?: string | undefined;
  readonly configDir: string;
}

/** `--config`, `GATEWAY_MCP_CONFIG`, `./.mcp.json`, `<config dir>/mcp.json`. */
export async function findServersFile(places: Places): Promise<FoundServersFile | undefined> {
  const named = namedFile(places, 'GATEWAY_MCP_CONFIG');
  if (named) return named;
  const local = fromCwd(places, '.mcp.json');
  if (await isThere(local)) return { path: local, origin: 'working directory' };
  const user = join(places.configDir, 'mcp.json');
  return (await isThere(user)) ? { path: user, origin: 'user config' } : undefined;
}

/** `--rules`, `GATEWAY_RULES`, two names beside the config file in use, `<config dir>/gateway-rules.json`. */
export async function findRulesFile(
  places: Places & { readonly serversFile?: string | undefined },
): Promise<FoundRulesFile | undefined> {
  const named = namedFile(places, 'GATEWAY_RULES');
  if (named) return named;
  if (places.serversFile !== undefined) {
    const directory = dirname(fromCwd(places, places.serversFile));
    for (const name of ['gateway-rules.json', '.mcp-gateway-rules.json']) {
      const path = join(directory, name);
      if (await isThere(path)) return { path, origin: 'beside the config' };
    }
  }
  const user = join(places.configDir, 'gateway-rules.json');
  return (await isThere(user)) ? { path: user, origin: 'user config' } : undefined;
}

function namedFile(places: Places, variable: string): { path: string; origin: 'flag' | 'environment' } | undefined {
  const named = (path: string): string => fromCwd(places, expandHome(path, places.env));
  if (places.flag) return { path: named(places.flag), origin: 'flag' };
  const value = places.env[variable];
  return value ? { path: named(value), origin: 'environment' } : undefined;
}

function fromCwd(places: Places, path: string): string {
  return places.cwd === undefined ? resolve(path) : resolve(places.cwd, path);
}

/**
 * Only a name that is certainly absent counts as absent. A link to nowhere or an unreadable file is found, and reading
 * it fails: rules that cannot be read must not become no rules.
 */
async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code !== 'ENOENT' && code !== 'ENOTDIR';
  }
}
