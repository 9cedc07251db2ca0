import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Chosen, chooseLogins } from '../../src/auth/foreign-cache.ts';
import { mcporterPlaces, readMcporterCache } from '../../src/auth/mcporter-cache.ts';
import type { HttpServerEntry } from '../../src/config/server-entry.ts';
import { httpEntry } from './samples.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mcporter-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

interface Kept {
  readonly name: string;
  readonly url?: string;
  readonly token?: string;
  readonly updatedAt?: string;
}

/** As that program keeps them all: one file, a member for each server. */
function saveVault(...all: readonly Kept[]): void {
  const entries = all.map(({ name, url = httpEntry.url, token = name, updatedAt = '2026-01-02T03:04:05.000Z' }) => [
    `${name}|0123456789abcdef`,
    {
      serverName: name,
      serverUrl: url,
      updatedAt,
      tokens: { access_token: `access-${token}`, token_type: 'Bearer', expires_in: 3600, refresh_token: 'r' },
      clientInfo: { client_id: `client-${token}`, redirect_uris: ['http://127.0.0.1:41241/callback'] },
      codeVerifier: 'v',
      state: 's',
    },
  ]);
  writeFileSync(
    join(directory, 'credentials.json'),
    JSON.stringify({ version: 1, entries: Object.fromEntries(entries) }),
  );
}

/** As it keeps one server where it was told a directory, or as old versions did. `savedAt`: epoch seconds. */
function saveFolder(name: string, options: { url?: string; savedAt?: number } = {}): void {
  const folder = join(directory, name);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'tokens.json');
  writeFileSync(file, JSON.stringify({ access_token: `access-${name}`, token_type: 'Bearer', expires_in: 3600 }));
  utimesSync(file, options.savedAt ?? 1_700_000_000, options.savedAt ?? 1_700_000_000);
  writeFileSync(join(folder, 'client.json'), JSON.stringify({ client_id: `client-${name}` }));
  if (options.url !== undefined) writeFileSync(join(folder, 'server_url.txt'), `${options.url}\n`);
}

async function chosenFor(entries: readonly HttpServerEntry[], asked = false): Promise<Chosen> {
  return chooseLogins(entries, (await readMcporterCache(directory)) ?? [], { asked });
}

const shown = ({ choices }: Chosen) =>
  choices.map((choice) => (choice.kind === 'found' ? choice.cached.login.tokens['access_token'] : choice.kind));

const entryOf = (name: string, change: Partial<HttpServerEntry> = {}): HttpServerEntry => ({
  ...httpEntry,
  name,
  ...change,
});

describe('the cache of mcporter', () => {
  it('is where that program has it, the newer place first', () => {
    const older = join('/home/u', '.mcporter');
    expect(mcporterPlaces({}, '/home/u')).toEqual([older]);
    expect(mcporterPlaces({ XDG_DATA_HOME: '/data' }, '/home/u')).toEqual([join('/data', 'mcporter'), older]);
    expect(mcporterPlaces({ XDG_DATA_HOME: 'relative' }, '/home/u')).toEqual([older]);
  });

  it('gives tokens, client and time of its vault', async () => {
    saveVault({ name: 'linear' });
    expect((await readMcporterCache(directory))?.[0]).toMatchObject({
      name: 'linear',
      url: httpEntry.url,
      login: {
        tokens: { access_token: 'access-linear', expires_in: 3600 },
        client: { client_id: 'client-linear', redirect_uris: ['http://127.0.0.1:41241/callback'] },
        savedAt: Date.parse('2026-01-02T03:04:05.000Z'),
        remains: ['linear'],
      },
    });
  });

  it('finds a login by its URL, whatever the server is called there and here', async () => {
    saveVault({ name: 'theirs', url: 'https://MCP.example:443/mcp/' }, { name: 'crm', url: 'https://other.example/' });
    expect(shown(await chosenFor([entryOf('crm')]))).toEqual(['access-theirs']);
  });

  it('gives a folder’s login by the URL that is noted beside it', async () => {
    saveFolder('theirs', { url: httpEntry.url });
    expect(shown(await chosenFor([entryOf('crm')]))).toEqual(['access-theirs']);
  });

  it('gives a login whose URL nobody noted to the namesake alone, and only where a human named it', async () => {
    saveFolder('crm');
    expect(shown(await chosenFor([entryOf('crm')]))).toEqual(['none']);
    expect(shown(await chosenFor([entryOf('crm')], true))).toEqual(['access-crm']);
    expect(shown(await chosenFor([entryOf('wiki')], true))).toEqual(['none']);
  });

  it('reads a directory of one server, as it was named to that program', async () => {
    saveFolder('cache', { url: httpEntry.url });
    const cache = await readMcporterCache(join(directory, 'cache'));
    expect(cache?.map(({ login }) => login.tokens['access_token'])).toEqual(['access-cache']);
  });

  it('is the newest of several', async () => {
    saveVault(
      { name: 'undated', token: 'undated', updatedAt: 'yesterday' },
      { name: 'old', token: 'old', updatedAt: '2025-01-01T00:00:00.000Z' },
      { name: 'new', token: 'new', updatedAt: '2026-01-01T00:00:00.000Z' },
    );
    saveFolder('older', { url: httpEntry.url, savedAt: 1_600_000_000 });
    expect(shown(await chosenFor([entryOf('crm')]))).toEqual(['access-new']);
  });

  it('names the logins of other servers', async () => {
    saveVault({ name: 'crm' }, { name: 'wiki', url: 'https://wiki.example/mcp' });
    const { others } = await chosenFor([entryOf('crm')]);
    expect(others.map(({ name, url }) => [name, url])).toEqual([['wiki', 'https://wiki.example/mcp']]);
  });

  it('passes over logins without tokens, and texts that are no such file', async () => {
    for (const text of ['', '{', '[]', '{"entries":[]}', '{"entries":{"a|b":null}}', '{"entries":{"a|b":{}}}']) {
      writeFileSync(join(directory, 'credentials.json'), text);
      expect(await readMcporterCache(directory), text).toEqual([]);
    }
    saveVault({ name: 'crm', url: 'no url' });
    expect(shown(await chosenFor([entryOf('crm')]))).toEqual(['none']);
  });

  it('is undefined where there is no such directory', async () => {
    expect(await readMcporterCache(join(directory, 'none'))).toBeUndefined();
    expect(await readMcporterCache(directory)).toEqual([]);
  });
});

describe('A14: several accounts of ours on one URL', () => {
  const own = entryOf('crm');
  const work = entryOf('crm-work', { profile: 'work' });

  it('each get the login of the namesake there', async () => {
    saveVault({ name: 'crm', token: 'own' }, { name: 'crm-work', token: 'work' });
    expect(shown(await chosenFor([own, work]))).toEqual(['access-own', 'access-work']);
    expect(shown(await chosenFor([work, own]))).toEqual(['access-work', 'access-own']);
  });

  it('share none: one without a name that is known goes to the account without a profile', async () => {
    saveVault({ name: 'theirs' });
    expect(shown(await chosenFor([own, work]))).toEqual(['access-theirs', 'ambiguous']);
  });

  it('get nothing of each other', async () => {
    saveVault({ name: 'crm-work', token: 'work' });
    expect(shown(await chosenFor([own, work]))).toEqual(['none', 'access-work']);
  });
});
