// Which login of another program's cache goes to which server, and what is found in such a cache on disk.
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CachedLogin, chooseLogins } from '../../src/auth/foreign-cache.ts';
import { hashesOf, readMcpRemoteCache } from '../../src/auth/mcp-remote-cache.ts';
import { readMcporterCache } from '../../src/auth/mcporter-cache.ts';
import type { HttpServerEntry } from '../../src/config/server-entry.ts';
import { httpEntry, oauth } from './samples.ts';

const { url } = httpEntry;
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'portico-cache-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** `at`: epoch seconds. */
async function write(name: string, content: unknown, at = 1_700_000_000): Promise<void> {
  const path = join(directory, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  await utimes(path, at, at);
}

function entry(change: Partial<HttpServerEntry> = {}): HttpServerEntry {
  return { ...httpEntry, ...change };
}

describe('chooseLogins', () => {
  const cached = (id: string, savedAt: number, name?: string): CachedLogin => ({
    login: { tokens: { access_token: id }, savedAt, remains: [] },
    name,
    isFor: (one) => one.url === url,
  });
  const work = entry({ name: 'work', profile: 'work' });
  const home = entry({ name: 'home', profile: 'home' });
  const plain = entry({ name: 'plain' });
  const elsewhere = entry({ name: 'elsewhere', url: 'https://elsewhere.example/mcp' });

  const rows: readonly [string, readonly HttpServerEntry[], readonly CachedLogin[], readonly string[]][] = [
    ['the newest', [plain], [cached('old', 1), cached('new', 2)], ['new']],
    ['a namesake before the newest', [plain], [cached('old', 1, 'plain'), cached('new', 2, 'other')], ['old']],
    ['nothing for another url', [elsewhere], [cached('new', 2)], ['none']],
    ['the one server of the url, whatever its profile', [work], [cached('new', 2)], ['new']],
    ['A14: of several accounts the one without a profile', [work, plain], [cached('new', 2)], ['ambiguous', 'new']],
    ['A14: none of several accounts with profiles', [work, home], [cached('new', 2)], ['ambiguous', 'ambiguous']],
    ['A14: each account its namesake', [work, home], [cached('w', 2, 'work'), cached('h', 1, 'home')], ['w', 'h']],
    ['A14: and never that of another', [work, plain], [cached('w', 2, 'work')], ['w', 'none']],
  ];

  it.each(rows)('gives %s', (_, entries, cache, given) => {
    const { choices } = chooseLogins(entries, cache, { asked: false });
    expect(
      choices.map((choice) => (choice.kind === 'found' ? choice.cached.login.tokens['access_token'] : choice.kind)),
    ).toEqual(given);
  });

  it('names what nobody asked for', () => {
    const other: CachedLogin = { ...cached('x', 1, 'x'), url: 'https://x.example', isFor: () => false };
    expect(chooseLogins([plain], [cached('new', 2), other], { asked: false }).others).toEqual([other]);
  });
});

describe('the cache of mcp-remote', () => {
  it.each<[string, Partial<HttpServerEntry>, string]>([
    ['the url as it is written', {}, url],
    ['the url with a slash more', {}, `${url}/`],
    ['the url with a slash less', { url: `${url}/` }, url],
    ['a bare host as a parser writes it', { url: 'https://mcp.example' }, 'https://mcp.example/'],
    ['the resource', { oauth: { ...oauth, resource: 'https://r.example' } }, `${url}|https://r.example`],
    ['headers in the order of their names', { headers: { b: '2', a: '1' } }, `${url}|{"a":"1","b":"2"}`],
    ['no headers, where they were added later', { headers: { b: '2' } }, url],
    [
      'all of it, in the order of the newer version',
      {
        headers: { 'X-Team': 't' },
        oauth: { ...oauth, resource: 'https://r.example', authorizationParams: { audience: 'x' } },
      },
      `${url}|https://r.example|{"audience":"x"}|{"X-Team":"t"}`,
    ],
  ])('knows a login by %s', (_, change, text) => {
    expect(hashesOf(entry(change))).toContain(md5(text));
  });

  it('finds logins in the folders of all versions, and in none; the newest file counts', async () => {
    const hash = md5(url);
    await write(`mcp-remote-0.1.9/${hash}_tokens.json`, { access_token: 'nine' }, 1_700_000_002);
    await write(`mcp-remote-0.1.38/${hash}_tokens.json`, { access_token: 'thirty-eight' }, 1_700_000_001);
    await write(`mcp-remote/${hash}_tokens.json`, { access_token: 'unversioned' });
    await write(`${hash}_tokens.json`, { access_token: 'bare' });
    await write(`other/${hash}_tokens.json`, { access_token: 'other' });
    const cache = (await readMcpRemoteCache(directory)) ?? [];
    expect(cache).toHaveLength(4);
    const { choices } = chooseLogins([entry()], cache, { asked: false });
    expect(choices).toMatchObject([{ kind: 'found', cached: { login: { tokens: { access_token: 'nine' } } } }]);
  });

  it('takes the newer version where a copy has given all files one time', async () => {
    await write(`mcp-remote-0.1.9/${md5(url)}_tokens.json`, { access_token: 'nine' });
    await write(`mcp-remote-0.1.38/${md5(url)}_tokens.json`, { access_token: 'thirty-eight' });
    const { choices } = chooseLogins([entry()], (await readMcpRemoteCache(directory)) ?? [], { asked: false });
    expect(choices).toMatchObject([{ cached: { login: { tokens: { access_token: 'thirty-eight' } } } }]);
  });

  it('reads the client beside the tokens, and names both files', async () => {
    const start = `mcp-remote-0.1.38/${md5(url)}`;
    await write(`${start}_tokens.json`, { access_token: 'a', expires_in: 60 });
    await write(`${start}_client_info.json`, { client_id: 'c', redirect_uris: ['http://localhost:1/oauth/callback'] });
    await write(`${start}_lock.json`, { pid: 1, port: 2, timestamp: 3 });
    await write(`${start}_code_verifier_17.txt`, 'v');
    expect(await readMcpRemoteCache(directory)).toMatchObject([
      {
        login: {
          tokens: { access_token: 'a', expires_in: 60 },
          client: { client_id: 'c' },
          savedAt: 1_700_000_000_000,
          remains: [`${start}_tokens.json`, `${start}_client_info.json`].map((name) => join(directory, name)),
        },
      },
    ]);
  });
});

describe('the cache of mcporter', () => {
  const vaultEntry = { serverName: 'theirs', serverUrl: url, updatedAt: '2026-01-02T03:04:05.000Z' };

  it('finds the logins of the vault by their url, with the issuer where it was noted', async () => {
    await write('credentials.json', {
      version: 2,
      entries: {
        'theirs|1': {
          ...vaultEntry,
          tokens: { access_token: 'a', issuer: 'https://as.example' },
          clientInfo: { client_id: 'c' },
        },
        'bare|2': { ...vaultEntry, serverName: 'bare', clientInfo: { client_id: 'c' } },
        'broken|3': 7,
      },
      serverUrls: { theirs: url },
    });
    const cache = (await readMcporterCache(directory)) ?? [];
    expect(cache).toMatchObject([
      {
        name: 'theirs',
        url,
        login: {
          tokens: { access_token: 'a' },
          client: { client_id: 'c' },
          issuer: 'https://as.example',
          savedAt: Date.parse(vaultEntry.updatedAt),
          remains: ['theirs'],
        },
      },
    ]);
    expect(cache[0]?.isFor(entry({ url: `${url}/` }), false)).toBe(true);
    expect(cache[0]?.isFor(entry({ name: 'theirs', url: 'https://elsewhere.example/mcp' }), true)).toBe(false);
  });

  it('H57: gives a login whose url nobody noted to the server that a human names, and to no namesake by itself', async () => {
    await write('crm/tokens.json', { access_token: 'a' });
    await write('crm/client.json', { client_id: 'c' });
    const [cached] = (await readMcporterCache(directory)) ?? [];
    expect(cached).toMatchObject({ name: 'crm', url: undefined, login: { client: { client_id: 'c' } } });
    expect(cached?.isFor(entry({ name: 'crm' }), false)).toBe(false);
    expect(cached?.isFor(entry({ name: 'crm' }), true)).toBe(true);
  });
});
