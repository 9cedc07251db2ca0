import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chooseLogins } from '../../src/auth/foreign-cache.ts';
import { hashesOf, mcpRemotePlaces, readMcpRemoteCache } from '../../src/auth/mcp-remote-cache.ts';
import type { HttpServerEntry } from '../../src/config/server-entry.ts';
import { httpEntry, oauth } from './samples.ts';

/** MD5 sums that `md5sum` gave, of what that program joins. */
const sums = {
  plain: '15b9982bbc0f6c97e59b3c224d8cad5a', // https://mcp.example/mcp
  slash: 'aa5a15e4fe34e023d568f8bfa6a3321a', // https://mcp.example/mcp/
  headers: 'f871afa641ba9b11ea1c09a2960f2a84', // https://mcp.example/mcp|{"X-Team":"a","x-org":"b"}
  resource: 'e9aa96954a56a74f6a81626c48d78d0c', // https://mcp.example/mcp|https://api.example/
  both: '34d4a2cedbab5b1b58e315910fef25e6', // …|https://api.example/|{"X-Team":"a","x-org":"b"}
  other: '05924167fee947808b92933a3a2695f9', // https://other.example/mcp
  origin: 'a07086cccadd4f373d8539b16d1c0467', // https://mcp.example
  originSlash: '43ba5252ed12a30d9ff5309ac7655650', // https://mcp.example/
};

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mcp-auth-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** As that program writes them: two spaces, no line break at the end. `savedAt`: epoch seconds. */
function save(folder: string, sum: string, name: string, options: { client?: boolean; savedAt?: number } = {}): void {
  const { client = true, savedAt = 1_700_000_000 } = options;
  const path = join(directory, folder);
  mkdirSync(path, { recursive: true });
  const write = (kind: string, value: object): void => {
    const file = join(path, `${sum}_${kind}.json`);
    writeFileSync(file, JSON.stringify(value, null, 2), { mode: 0o600 });
    utimesSync(file, savedAt, savedAt);
  };
  write('tokens', { access_token: `access-${name}`, token_type: 'bearer', expires_in: 3600, scope: 'read' });
  if (client) {
    write('client_info', { redirect_uris: ['http://127.0.0.1:3334/oauth/callback'], client_id: `client-${name}` });
  }
}

async function foundFor(entry: HttpServerEntry): Promise<unknown> {
  const cache = (await readMcpRemoteCache(directory)) ?? [];
  const [choice] = chooseLogins([entry], cache, { asked: false }).choices;
  return choice?.kind === 'found' ? choice.cached.login.tokens['access_token'] : choice?.kind;
}

describe('the hash of a server', () => {
  it.each([
    ['its URL', {}, sums.plain],
    ['its URL with a slash more', { url: 'https://mcp.example/mcp/' }, sums.plain],
    ['its URL with a slash less', {}, sums.slash],
    ['an origin, as it was typed', { url: 'https://mcp.example' }, sums.origin],
    ['an origin, with the slash that a parser adds', { url: 'https://mcp.example' }, sums.originSlash],
    ['a URL with capitals in its host', { url: 'https://MCP.example/mcp' }, sums.plain],
    ['its headers in alphabetical order', { headers: { 'x-org': 'b', 'X-Team': 'a' } }, sums.headers],
    ['its URL alone, where headers were added here', { headers: { 'x-org': 'b' } }, sums.plain],
    ['its resource', { oauth: { ...oauth, resource: 'https://api.example/' } }, sums.resource],
    [
      'its resource and its headers',
      { oauth: { ...oauth, resource: 'https://api.example/' }, headers: { 'x-org': 'b', 'X-Team': 'a' } },
      sums.both,
    ],
    ['its URL, where OAuth is off', { oauth: false as const }, sums.plain],
  ])('is that of %s', (_, change, sum) => {
    expect([...hashesOf({ ...httpEntry, ...change })]).toContain(sum);
  });

  it('is that of no other server', () => {
    const own = hashesOf({ ...httpEntry, headers: { 'X-Team': 'a' }, oauth: { ...oauth, resource: 'https://a/' } });
    for (const sum of [sums.other, sums.headers, sums.resource]) expect(own.has(sum)).toBe(false);
  });
});

describe('the cache of mcp-remote', () => {
  it('is where that program has it', () => {
    expect(mcpRemotePlaces({}, '/home/u')).toEqual([join('/home/u', '.mcp-auth')]);
    expect(mcpRemotePlaces({ MCP_REMOTE_CONFIG_DIR: '' }, '/home/u')).toEqual([join('/home/u', '.mcp-auth')]);
    expect(mcpRemotePlaces({ MCP_REMOTE_CONFIG_DIR: '/elsewhere' }, '/home/u')).toEqual(['/elsewhere']);
  });

  it('gives tokens, client, the time they were saved, and the files that hold them', async () => {
    save('mcp-remote-0.1.38', sums.plain, 'a', { savedAt: 1_700_000_123 });
    const [found] = (await readMcpRemoteCache(directory)) ?? [];
    const files = ['tokens', 'client_info'].map((kind) =>
      join(directory, 'mcp-remote-0.1.38', `${sums.plain}_${kind}.json`),
    );
    expect(found?.login).toMatchObject({
      tokens: { access_token: 'access-a', expires_in: 3600 },
      client: { client_id: 'client-a', redirect_uris: ['http://127.0.0.1:3334/oauth/callback'] },
      savedAt: 1_700_000_123_000,
      remains: files,
    });
  });

  it('gives the tokens of a client that was named by hand, and so has no file', async () => {
    save('mcp-remote-0.1.38', sums.plain, 'a', { client: false });
    expect((await readMcpRemoteCache(directory))?.[0]?.login).toMatchObject({
      client: undefined,
      remains: [expect.stringMatching(/_tokens\.json$/)],
    });
  });

  it.each([
    ['an update', 'mcp-remote-0.1.38', 'mcp-remote-0.1.9'],
    ['a new major version', 'mcp-remote-1.0.0', 'mcp-remote-0.1.38'],
  ])('after %s it is the newer version’s where both were saved in one second', async (_, newer, older) => {
    save(older, sums.plain, 'older');
    save(newer, sums.plain, 'newer');
    expect(await foundFor(httpEntry)).toBe('access-newer');
  });

  it('is the login that was saved last, whatever version saved it', async () => {
    save('mcp-remote-0.1.38', sums.plain, 'first', { savedAt: 1_700_000_000 });
    save('mcp-remote-0.1.9', sums.plain, 'last', { savedAt: 1_700_000_500 });
    expect(await foundFor(httpEntry)).toBe('access-last');
  });

  it.each(['', 'mcp-remote', 'mcp-remote-latest'])('is read in a folder named "%s" too', async (folder) => {
    save(folder, sums.plain, 'a');
    expect(await foundFor(httpEntry)).toBe('access-a');
  });

  it('gives a login to no other server', async () => {
    save('mcp-remote-0.1.38', sums.other, 'other');
    expect(await foundFor(httpEntry)).toBe('none');
  });

  it('passes over what is half-written, and what is something else', async () => {
    save('mcp-remote-0.1.38', sums.other, 'sound');
    const folder = join(directory, 'mcp-remote-0.1.38');
    writeFileSync(join(folder, `${sums.plain}_tokens.json`), '{"access_token": "acc');
    writeFileSync(join(folder, `${sums.plain}_lock.json`), '{}');
    writeFileSync(join(folder, `${sums.plain}_code_verifier_77.txt`), 'verifier');
    writeFileSync(join(directory, 'mcp-remote-0.1.39'), 'a file in the place of a folder');
    expect((await readMcpRemoteCache(directory))?.map(({ login }) => login.tokens['access_token'])).toEqual([
      'access-sound',
    ]);
  });

  it('is undefined where there is no such directory, and empty where nothing is in it', async () => {
    expect(await readMcpRemoteCache(join(directory, 'none'))).toBeUndefined();
    expect(await readMcpRemoteCache(directory)).toEqual([]);
  });

  it('is only read', async () => {
    save('mcp-remote-0.1.38', sums.plain, 'a');
    const state = () =>
      readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((name) => {
        const { mtimeMs, mode, size } = statSync(join(directory, name));
        return { name, mtimeMs, mode, size };
      });
    const before = state();
    const file = join(directory, 'mcp-remote-0.1.38', `${sums.plain}_tokens.json`);
    const text = readFileSync(file, 'utf8');
    await readMcpRemoteCache(directory);
    expect(state()).toEqual(before);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });
});
