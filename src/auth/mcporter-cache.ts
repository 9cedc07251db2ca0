// Owns reading the login cache of mcporter; changes nothing there. Knows nothing of ours.
//
// github.com/openclaw/mcporter (before: steipete/mcporter), src/oauth-vault.ts: `credentials.json` with
// `entries: {"<name>|<hash>": {serverName, serverUrl, tokens, clientInfo, updatedAt}}`. src/oauth-persistence-stores.ts:
// a directory for one server (`tokenCacheDir`, and `<name>` inside in old versions) with `tokens.json`, `client.json` and
// in new ones `server_url.txt`. `expires_at` is in seconds, and missing in old ones. src/paths.ts: where they are.
import { readdir, stat } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import { isMissing, readTextIfPresent } from '../lib/json-file.ts';
import { parseObject, stringMember } from './answer.ts';
import type { CachedLogin } from './foreign-cache.ts';
import type { Members } from './foreign-login.ts';
import { canonicalServerUrl } from './server-key.ts';

/** Where it may be, as that program decides it; the newer place first. */
export function mcporterPlaces(env: Readonly<Record<string, string | undefined>>, home: string): readonly string[] {
  const data = env['XDG_DATA_HOME']?.trim();
  const older = join(home, '.mcporter');
  return data && isAbsolute(data) ? [join(data, 'mcporter'), older] : [older];
}

/** Undefined: there is no such directory. */
export async function readMcporterCache(directory: string): Promise<readonly CachedLogin[] | undefined> {
  const names = await foldersIn(directory);
  if (!names) return undefined;
  const inVault = readVault(parseObject((await readTextIfPresent(join(directory, 'credentials.json'))) ?? ''));
  const places = [directory, ...names.map((name) => join(directory, name))];
  const inFolders = await Promise.all(places.map((place) => readFolder(place)));
  return [...inVault, ...inFolders.filter((login) => login !== undefined)];
}

function readVault(vault: Members | undefined): readonly CachedLogin[] {
  const entries = membersOf(vault?.['entries']) ?? {};
  return Object.values(entries).flatMap((value): CachedLogin[] => {
    const entry = membersOf(value);
    const tokens = membersOf(entry?.['tokens']);
    if (!entry || !tokens) return [];
    const savedAt = Date.parse(stringMember(entry, 'updatedAt') ?? '');
    const name = stringMember(entry, 'serverName');
    return [
      cachedLogin({
        name,
        url: stringMember(entry, 'serverUrl'),
        tokens,
        client: membersOf(entry['clientInfo']),
        savedAt: Number.isFinite(savedAt) ? savedAt : 0,
        remains: name === undefined ? [] : [name],
      }),
    ];
  });
}

async function readFolder(folder: string): Promise<CachedLogin | undefined> {
  const read = async (name: string): Promise<string | undefined> => readTextIfPresent(join(folder, name));
  const tokens = parseObject((await read('tokens.json')) ?? '');
  if (!tokens) return undefined;
  const { mtimeMs } = await stat(join(folder, 'tokens.json'));
  const name = basename(folder);
  return cachedLogin({
    name,
    url: (await read('server_url.txt'))?.trim(),
    tokens,
    client: parseObject((await read('client.json')) ?? ''),
    savedAt: mtimeMs,
    remains: [name],
  });
}

interface Found {
  readonly name: string | undefined;
  readonly url: string | undefined;
  readonly tokens: Members;
  readonly client: Members | undefined;
  readonly savedAt: number;
  readonly remains: readonly string[];
}

function cachedLogin({ name, url, ...login }: Found): CachedLogin {
  return {
    // Newer versions note with the tokens, or with the client, who gave them.
    login: { ...login, issuer: stringMember(login.tokens, 'issuer') ?? stringMember(login.client, 'issuer') },
    name,
    url,
    isFor: (entry, asked) =>
      url === undefined
        ? asked && name === entry.name
        : URL.canParse(url) && canonicalServerUrl(url) === canonicalServerUrl(entry.url),
  };
}

function membersOf(value: unknown): Members | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : undefined;
}

async function foldersIn(directory: string): Promise<readonly string[] | undefined> {
  try {
    const inside = await readdir(directory, { withFileTypes: true });
    return inside.filter((one) => one.isDirectory()).map(({ name }) => name);
  } catch (error) {
    if (isMissing(error) || (error instanceof Error && 'code' in error && error.code === 'ENOTDIR')) return undefined;
    throw error;
  }
}
