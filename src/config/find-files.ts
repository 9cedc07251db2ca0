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

const rulesNames = ['gateway-rules.json', '.mcp-gateway-rules.json'] as const;

interface Places {
  /** The value of the command line option. */
  readonly flag?: string | undefined;
  readonly env: Environment;
  /** Relative paths start here; without it at the working directory of the process. */
  readonly cwd?: string | undefined;
  readonly configDir: string;
}

type RulesPlaces = Places & { readonly serversFile?: string | undefined };

/** `--config`, `GATEWAY_MCP_CONFIG`, `./.mcp.json`, `<config dir>/mcp.json`. */
export async function findServersFile(places: Places): Promise<FoundServersFile | undefined> {
  return namedFile(places, 'GATEWAY_MCP_CONFIG') ?? (await firstThere(serversFilesToFind(places)));
}

/** `--rules`, `GATEWAY_RULES`, two names beside the config file in use, `<config dir>/gateway-rules.json`. */
export async function findRulesFile(places: RulesPlaces): Promise<FoundRulesFile | undefined> {
  return namedFile(places, 'GATEWAY_RULES') ?? (await firstThere(rulesFilesToFind(places)));
}

/** Every path at which a servers file would be the one in use, the preferred one first. */
export function serversFileCandidates(places: Places): readonly string[] {
  const named = namedFile(places, 'GATEWAY_MCP_CONFIG');
  return (named ? [named] : serversFilesToFind(places)).map(({ path }) => path);
}

/** The same of the rules file. */
export function rulesFileCandidates(places: RulesPlaces): readonly string[] {
  const named = namedFile(places, 'GATEWAY_RULES');
  return (named ? [named] : rulesFilesToFind(places)).map(({ path }) => path);
}

function serversFilesToFind(places: Places): readonly FoundServersFile[] {
  return [
    { path: fromCwd(places, '.mcp.json'), origin: 'working directory' },
    { path: join(places.configDir, 'mcp.json'), origin: 'user config' },
  ];
}

function rulesFilesToFind(places: RulesPlaces): readonly FoundRulesFile[] {
  const { serversFile } = places;
  const directory = serversFile === undefined ? undefined : dirname(fromCwd(places, serversFile));
  const beside = directory === undefined ? [] : rulesNames.map((name) => join(directory, name));
  return [
    ...beside.map((path) => ({ path, origin: 'beside the config' as const })),
    { path: join(places.configDir, 'gateway-rules.json'), origin: 'user config' },
  ];
}

async function firstThere<T extends { readonly path: string }>(files: readonly T[]): Promise<T | undefined> {
  for (const file of files) if (await isThere(file.path)) return file;
  return undefined;
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
