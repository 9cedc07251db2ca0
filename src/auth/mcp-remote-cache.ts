// Owns reading the login cache of mcp-remote; changes nothing there. Knows nothing of ours.
//
// github.com/geelen/mcp-remote, src/lib/mcp-auth-config.ts, and its successor github.com/punkpeye/mcp-remote:
// `<directory>/mcp-remote-<version>/<hash>_tokens.json` and `<hash>_client_info.json`, in old versions and some forks
// without the folder or without a version in its name. `expires_at` of the successor is in milliseconds. The hash is an
// MD5 over what the program was started with (src/lib/utils.ts, getServerUrlHash); the URL itself is nowhere in the files.
import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { HttpServerEntry } from '../config/server-entry.ts';
import { isMissing, readTextIfPresent } from '../lib/json-file.ts';
import { parseObject } from './answer.ts';
import type { CachedLogin } from './foreign-cache.ts';

/** Where it is, as that program decides it. */
export function mcpRemotePlaces(env: Readonly<Record<string, string | undefined>>, home: string): readonly string[] {
  return [env['MCP_REMOTE_CONFIG_DIR'] || join(home, '.mcp-auth')];
}

/** Undefined: there is no such directory. */
export async function readMcpRemoteCache(directory: string): Promise<readonly CachedLogin[] | undefined> {
  const inside = await namesIn(directory);
  if (!inside) return undefined;
  const folders = inside.filter((name) => /^mcp-remote(?:-|$)/.test(name)).sort(byVersion);
  const found: CachedLogin[] = [];
  // The newest version first: where two were saved at the same time, the first of them is taken.
  for (const folder of [...folders.map((name) => join(directory, name)), directory]) {
    for (const name of (await namesIn(folder)) ?? []) {
      const [, hash] = /^([0-9a-f]{32})_tokens\.json$/.exec(name) ?? [];
      const login = hash === undefined ? undefined : await readLogin(folder, hash);
      if (login) found.push(login);
    }
  }
  return found;
}

async function readLogin(folder: string, hash: string): Promise<CachedLogin | undefined> {
  const [tokensFile, clientFile] = ['tokens', 'client_info'].map((kind) => join(folder, `${hash}_${kind}.json`)) as [
    string,
    string,
  ];
  const tokens = parseObject((await readTextIfPresent(tokensFile)) ?? '');
  if (!tokens) return undefined;
  const clientText = await readTextIfPresent(clientFile);
  const client = parseObject(clientText ?? '');
  const { mtimeMs } = await stat(tokensFile);
  return {
    login: {
      tokens,
      client,
      savedAt: mtimeMs,
      remains: clientText === undefined ? [tokensFile] : [tokensFile, clientFile],
    },
    isFor: (entry) => hashesOf(entry).has(hash),
  };
}

/** Every way in which that server may have been named there. */
export function hashesOf({ url, headers, oauth }: HttpServerEntry): ReadonlySet<string> {
  const bare = url.replace(/\/$/, '');
  const urls = new Set([url, bare, `${bare}/`, new URL(url).href]);
  const settings = oauth === false ? undefined : oauth;
  const resource = typeof settings?.resource === 'string' ? settings.resource : undefined;
  const sorted = (members: Readonly<Record<string, string>>): string | undefined => {
    const names = Object.keys(members).sort();
    return names.length === 0 ? undefined : JSON.stringify(members, names);
  };
  const hashes = new Set<string>();
  for (const start of urls) {
    for (const audience of [undefined, resource]) {
      for (const parameters of [undefined, sorted(settings?.authorizationParams ?? {})]) {
        for (const sent of [undefined, sorted(headers)]) {
          const parts = [start, audience, parameters, sent].filter((part) => part !== undefined);
          hashes.add(createHash('md5').update(parts.join('|')).digest('hex'));
        }
      }
    }
  }
  return hashes;
}

async function namesIn(directory: string): Promise<readonly string[] | undefined> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isMissing(error) || (error instanceof Error && 'code' in error && error.code === 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** 0.1.38 before 0.1.9. */
function byVersion(one: string, other: string): number {
  return basename(other).localeCompare(basename(one), 'en', { numeric: true });
}
