// Logins that move: from machine A to machine B in an encrypted file, and from other programs' caches.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { AuthorizationServer } from '../../fixtures/http/authorization-server.mjs';
import type { CommandResult } from '../helpers/command-run.ts';
import type { Home } from '../helpers/home.ts';
import { freePort } from '../helpers/http-servers.ts';
import { Stage } from '../helpers/stage.ts';
import { hasTerminals, runInTerminal } from '../helpers/terminal-run.ts';

const stage = new Stage();
afterEach(() => stage.close());

const passphrase = 'canary correct horse battery';
const env = { GATEWAY_EXPORT_PASSPHRASE: passphrase };

/** A machine with a login, and one without. */
async function twoMachines() {
  const { as, server } = await stage.protectedPair();
  const servers = { crm: { url: server.url } };
  const a = stage.home({ servers, browser: 'approves', env });
  const b = stage.home({ servers, env });
  expect((await stage.run(a, ['login', 'crm'])).code).toBe(0);
  return { as, server, a, b, file: join(a.directory, 'moved.portico') };
}

/** The bytes of every file in the token directory. */
function bytesOf(home: Home): Record<string, string> {
  const names = existsSync(home.tokenDirectory) ? readdirSync(home.tokenDirectory).sort() : [];
  const files = names.filter((name) => statSync(join(home.tokenDirectory, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(home.tokenDirectory, name), 'hex')]));
}

function expectNoSecrets(as: AuthorizationServer, ...results: readonly (CommandResult | string)[]): void {
  const text = results.map((one) => (typeof one === 'string' ? one : one.stdout + one.stderr)).join('\n');
  expect(as.secrets.length).toBeGreaterThan(1);
  expect([...as.secrets, passphrase].filter((secret) => text.includes(secret))).toEqual([]);
}

async function expectUsable(home: Home, as: AuthorizationServer): Promise<void> {
  const gateway = await stage.gateway(home);
  const { authorizations, refreshes } = as.counts;
  expect((await gateway.execute('crm', 'whoami')).structuredContent).toMatchObject({ subject: 'alice' });
  as.expireAccessTokens();
  await gateway.execute('crm', 'whoami');
  expect(as.counts).toMatchObject({ authorizations, refreshes: refreshes + 1 });
  expect(home.openings()).toEqual([]);
  await gateway.stop();
}

describe('to another machine', () => {
  test('C24: an exported login works there without a browser, is refreshed there, and the export warns of two holders', async () => {
    const { as, a, b, file } = await twoMachines();
    const exported = await stage.run(a, ['export', '--output', file]);
    expect(exported).toMatchObject({ code: 0, stdout: '' });
    expect(exported.stderr).toMatch(/crm: exported.*\n.*written to .*moved\.portico; .*portico import/);
    expect(exported.stderr).toMatch(/Careful: crm can be used on one machine only.*ends on both/);
    expect(exported.stderr).toMatch(/--move.*\n.*log in there/);
    expect(a.mode(file)).toBe('600');

    const imported = await stage.run(b, ['import', file]);
    expect(imported).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('crm: imported') });
    expect(b.logins()).toEqual(a.logins());
    expect(b.mode(b.loginFiles()[0] ?? '')).toBe('600');
    expectNoSecrets(as, exported, imported, readFileSync(file, 'utf8'));
    await expectUsable(b, as);
  });

  test('C24: through a pipe nothing touches a disk in the clear, and stdout holds the archive alone', async () => {
    const { as, a, b } = await twoMachines();
    const exported = await stage.run(a, ['export', 'crm']);
    expect(exported.code).toBe(0);
    expect(Object.keys(exported.json())).toEqual(expect.arrayContaining(['protected', 'ciphertext']));
    const imported = await stage.run(b, ['import', '-', '--json'], exported.stdout);
    expect(imported).toMatchObject({ code: 0, stderr: '' });
    expect(imported.json()).toMatchObject({ place: '-', logins: [{ outcome: 'imported', servers: ['crm'] }] });
    expectNoSecrets(as, exported, imported);
    await expectUsable(b, as);
  });

  test('C24: --move deletes the login here without revoking it, once it is in the file', async () => {
    const { as, a, b, file } = await twoMachines();
    const moved = await stage.run(a, ['export', '--move', '--output', file, '--json']);
    expect(moved.json()).toMatchObject({ file, logins: [{ servers: ['crm'], renews_itself: true, moved: true }] });
    expect(a.loginFiles()).toEqual([]);
    expect(as.log.filter(({ path }) => path === '/revoke')).toEqual([]);
    expect((await stage.run(a, ['export', '--output', file])).code).toBe(3);
    expect((await stage.run(b, ['import', file])).code).toBe(0);
    await expectUsable(b, as);
  });

  test('C24: between machines whose login files are encrypted with different keys', async () => {
    const { as, server } = await stage.protectedPair();
    const servers = { crm: { url: server.url } };
    const a = stage.home({ servers, browser: 'approves', env: { ...env, GATEWAY_TOKEN_KEY: 'the key of machine A' } });
    const b = stage.home({ servers, env: { ...env, GATEWAY_TOKEN_KEY: 'the key of machine B' } });
    await stage.run(a, ['login', 'crm']);
    const { stdout } = await stage.run(a, ['export']);
    expect(await stage.run(b, ['import'], stdout)).toMatchObject({ code: 0 });
    expect(b.logins()[0]).toMatchObject({ ciphertext: expect.any(String) });
    await expectUsable(b, as);
  });

  test('A14: two accounts of one URL stay two logins, and entries may have other names there', async () => {
    const { as, server } = await stage.protectedPair();
    const a = stage.home({
      servers: { work: { url: server.url, profile: 'work' }, home: { url: server.url, profile: 'home' } },
      browser: 'approves',
      env,
    });
    const b = stage.home({ servers: { crm: { url: `${server.url}/`, profile: 'home' } }, env });
    await stage.run(a, ['login', '--all']);
    const { stdout } = await stage.run(a, ['export']);
    const imported = (await stage.run(b, ['import', '--json'], stdout)).json();
    expect(imported.logins).toMatchObject([
      { outcome: 'imported', servers: [], profile: 'work' },
      { outcome: 'imported', servers: ['crm'], profile: 'home' },
    ]);
    expect(b.logins()).toEqual(a.logins());
    await expectUsable(b, as);
  });

  test('C24: a machine without a config takes the logins in, says so, and gives them on with --all', async () => {
    const { a, b } = await twoMachines();
    const { stdout } = await stage.run(a, ['export']);
    const { GATEWAY_MCP_CONFIG: _none, ...rest } = b.env;
    const bare = Object.assign(Object.create(b), { env: { ...rest, XDG_CONFIG_HOME: b.directory } }) as Home;
    rmSync(b.configFile);
    const imported = await stage.run(bare, ['import'], stdout);
    expect(imported).toMatchObject({ code: 0, stderr: expect.stringContaining('no server of the config uses it') });
    expect(await stage.run(bare, ['export'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('--all'),
    });
    expect((await stage.run(bare, ['export', '--all'])).json()).toHaveProperty('ciphertext');
  });
});

describe('what is there already', () => {
  test('C24: the newer login stays unless --force says otherwise, and the same one is left alone', async () => {
    const { as, a, b } = await twoMachines();
    const older = (await stage.run(a, ['export'])).stdout;
    await stage.run(b, ['import'], older);
    const [atFirst] = b.logins();
    expect((await stage.run(b, ['import', '--json'], older)).json().logins[0].outcome).toBe('same');
    as.expireAccessTokens();
    await stage.run(b, ['call', 'crm', 'whoami']);
    const refreshed = bytesOf(b);

    const kept = await stage.run(b, ['import'], older);
    expect(kept).toMatchObject({ code: 0, stderr: expect.stringContaining('crm: kept the newer one here (--force') });
    expect(bytesOf(b)).toEqual(refreshed);
    expect((await stage.run(b, ['import', '--force', '--json'], older)).json().logins[0].outcome).toBe('imported');
    expect(b.logins()[0]).toMatchObject({ tokens: (atFirst as { tokens: object }).tokens });
  });

  test('C24: what a newer version wrote into a login comes along', async () => {
    const { a, b } = await twoMachines();
    const [file = ''] = a.loginFiles();
    writeFileSync(file, JSON.stringify({ ...a.logins()[0], from_the_future: { kept: true }, version: 7 }));
    await stage.run(b, ['import'], (await stage.run(a, ['export'])).stdout);
    expect(b.logins()[0]).toMatchObject({ from_the_future: { kept: true }, version: 7 });
  });
});

describe('a file that cannot be taken in', () => {
  const bad: readonly [string, (archive: string) => string, Record<string, string>, RegExp][] = [
    [
      'another passphrase',
      (text) => text,
      { GATEWAY_EXPORT_PASSPHRASE: `${passphrase}!` },
      /not opened by this passphrase/,
    ],
    ['a changed byte', (text) => changedCiphertext(text), {}, /or was changed after the export/],
    ['a file that was cut off', (text) => text.slice(0, -40), {}, /is no complete JSON object/],
    ['an empty file', () => '', {}, /is no complete JSON object/],
    ['some other JSON', () => '{"mcpServers": {}}', {}, /holds no logins that were exported/],
    ['a newer format', (text) => newerVersion(text), {}, /was written by a newer Portico \(version 2/],
    ['10 MiB and one byte', (text) => text.padEnd(10 * 1024 * 1024 + 1), {}, /is larger than 10485760 bytes/],
    ['an empty passphrase', (text) => text, { GATEWAY_EXPORT_PASSPHRASE: '' }, /GATEWAY_EXPORT_PASSPHRASE is empty/],
  ];

  test('C24: is one error, and every login here stays byte for byte', async () => {
    const { as, a, b } = await twoMachines();
    const archive = (await stage.run(a, ['export'])).stdout;
    await stage.run(b, ['import'], archive);
    as.expireAccessTokens();
    await stage.run(a, ['call', 'crm', 'whoami']);
    const newer = (await stage.run(a, ['export'])).stdout;
    const before = bytesOf(b);
    for (const [what, change, changedEnv, says] of bad) {
      const path = b.write('archive', change(newer));
      const home = Object.assign(Object.create(b), { env: { ...b.env, ...changedEnv } }) as Home;
      const result = await stage.run(home, ['import', path]);
      expect(result, what).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(says) });
      expect(result.stderr.match(/^portico: /gm), what).toHaveLength(1);
      expect(bytesOf(b), what).toEqual(before);
      expectNoSecrets(as, result);
    }
  });

  function changedCiphertext(text: string): string {
    const jwe = JSON.parse(text) as { ciphertext: string };
    const last = jwe.ciphertext.startsWith('A') ? 'B' : 'A';
    return JSON.stringify({ ...jwe, ciphertext: `${last}${jwe.ciphertext.slice(1)}` });
  }

  function newerVersion(text: string): string {
    const jwe = JSON.parse(text) as { protected: string };
    const header = JSON.parse(Buffer.from(jwe.protected, 'base64url').toString()) as object;
    return JSON.stringify({
      ...jwe,
      protected: Buffer.from(JSON.stringify({ ...header, version: 2 })).toString('base64url'),
    });
  }
});

describe('wrong usage of export', () => {
  const wrong: readonly [string, readonly string[], Record<string, string>, number, RegExp][] = [
    [
      'a passphrase that is too short',
      ['--output', 'new'],
      { GATEWAY_EXPORT_PASSPHRASE: 'canary' },
      2,
      /is shorter than 12/,
    ],
    ['--json without a file', ['--json'], {}, 2, /no file named/],
    ['--move without a file', ['--move'], {}, 2, /--move needs a file/],
    ['a file that is something else', ['--output', '.mcp.json'], {}, 2, /is there already, and is no export/],
    ['what is no file', ['--output', '/dev/null'], {}, 2, /is there already, and is no export/],
    ['a directory that is not there', ['--output', 'nowhere/new'], {}, 2, /cannot be written \(ENOENT\)/],
    [
      'a passphrase file that is not there',
      ['--passphrase-file', 'nowhere'],
      {},
      2,
      /nowhere cannot be read \(ENOENT\)/,
    ],
    ['a server without a login', ['crm', 'wiki'], {}, 3, /'wiki' has no login/],
    ['a server that is unknown', ['crmm'], {}, 2, /no server is called 'crmm'/],
  ];

  test('is one error, and nothing is written', async () => {
    const { a, server } = await twoMachines();
    a.writeServers({ crm: { url: server.url }, wiki: { url: `${server.url}/wiki` } });
    const before = a.files().sort();
    for (const [what, args, changedEnv, code, says] of wrong) {
      const home = Object.assign(Object.create(a), { env: { ...a.env, ...changedEnv } }) as Home;
      const result = await stage.run(home, ['export', ...args]);
      expect(result.code, what).toBe(code);
      expect(result.stdout + result.stderr, what).toMatch(says);
      expect(a.files().sort(), what).toEqual(before);
    }
    const { GATEWAY_EXPORT_PASSPHRASE: _none, ...rest } = a.env;
    const silent = Object.assign(Object.create(a), { env: rest }) as Home;
    const unasked = await stage.run(silent, ['export', '--output', 'new']);
    expect(unasked).toMatchObject({ code: 2, stderr: expect.stringMatching(/no passphrase.*\n.*--passphrase-file/) });
    expect(a.files().sort()).toEqual(before);
  });
});

describe.runIf(hasTerminals)('at a terminal', () => {
  test('C24: the passphrase is asked for twice, and never shown; the other machine asks once', async () => {
    const { as, a, b, file } = await twoMachines();
    const [askingA, askingB] = [asking(a), asking(b)];
    const first = 'Passphrase (12 characters or more): ';
    const exported = await runInTerminal(
      askingA,
      ['export', '--output', file],
      [
        [first, 'too short\r'],
        [first, `${passphrase}?\u007f\r`],
        ['Once more: ', `${passphrase}!\r`],
        [first, `${passphrase}\r`],
        ['Once more: ', `${passphrase}\r`],
      ],
    );
    expect(exported.shown).toMatch(/It is shorter than 12[\s\S]*These two differ[\s\S]*crm: exported/);
    expect(exported.code).toBe(0);
    expectNoSecrets(as, exported.shown);
    expect(exported.shown).not.toContain('too short');
    const imported = await runInTerminal(askingB, ['import', file], [['Passphrase: ', `${passphrase}\r`]]);
    expect(imported).toMatchObject({ code: 0, shown: expect.stringContaining('crm: imported') });
    expectNoSecrets(as, imported.shown);
    await expectUsable(b, as);
  });

  test('Ctrl-C at the question ends the export, and nothing is written; without --output a terminal gets no archive', async () => {
    const { a, file } = await twoMachines();
    const asked = await runInTerminal(asking(a), ['export', '--output', file], [['more): ', 'half\u0003']]);
    expect(asked).toMatchObject({ code: 4, shown: expect.stringContaining('no passphrase was given') });
    expect(existsSync(file)).toBe(false);
    const unnamed = await runInTerminal(asking(a), ['export'], []);
    expect(unnamed).toMatchObject({ code: 2, shown: expect.stringContaining('--output') });
  });

  function asking(home: Home): Home {
    const { GATEWAY_EXPORT_PASSPHRASE: _none, ...rest } = home.env;
    return Object.assign(Object.create(home), { env: rest }) as Home;
  }
});

/**
 * What other programs would have saved in the place of our login: github.com/geelen/mcp-remote src/lib/mcp-auth-config.ts,
 * github.com/openclaw/mcporter src/oauth-vault.ts.
 */
interface Saved {
  readonly server_url: string;
  readonly client: Record<string, unknown>;
  readonly tokens: Record<string, unknown>;
}

function foreignFiles({ client, tokens }: Saved, callbackPath: string) {
  const { access_token, refresh_token, token_type, scope } = tokens;
  const { client_id, client_secret, token_endpoint_auth_method } = client;
  return {
    tokens: { access_token, refresh_token, token_type, scope, expires_in: 3600 },
    client: {
      redirect_uris: [`http://localhost:14711${callbackPath}`],
      token_endpoint_auth_method,
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      client_name: 'MCP CLI Proxy',
      client_id,
      client_secret,
      client_id_issued_at: 1_700_000_000,
    },
  };
}

type Layout = (home: Home, saved: Saved) => { readonly args: readonly string[]; readonly place: string };

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

function writeMcpRemote(home: Home, saved: Saved, place: string, hash = md5(saved.server_url)): void {
  const { tokens, client } = foreignFiles(saved, '/oauth/callback');
  home.write(join(place, `${hash}_tokens.json`), JSON.stringify(tokens, null, 2));
  home.write(join(place, `${hash}_client_info.json`), JSON.stringify(client, null, 2));
  home.write(join(place, `${hash}_code_verifier.txt`), 'canary-verifier');
}

function writeVault(home: Home, saved: Saved, place: string): void {
  const { tokens, client } = foreignFiles(saved, '/callback');
  const entry = {
    serverName: 'their-name',
    serverUrl: saved.server_url,
    updatedAt: new Date().toISOString(),
    tokens: { ...tokens, expires_at: Math.floor(Date.now() / 1000) + 3600, __mcporter_generation: 'x' },
    clientInfo: client,
    codeVerifier: 'canary-verifier',
  };
  home.write(join(place, 'credentials.json'), JSON.stringify({ version: 2, entries: { 'their-name|0123': entry } }));
}

describe('from another program', () => {
  const layouts: readonly [string, 'mcp-remote' | 'mcporter', Layout][] = [
    [
      'the usual directory of mcp-remote',
      'mcp-remote',
      (home, saved) => {
        writeMcpRemote(home, saved, '.mcp-auth/mcp-remote-0.1.37');
        return { args: [], place: '.mcp-auth' };
      },
    ],
    [
      'a directory of mcp-remote that is named, without versions',
      'mcp-remote',
      (home, saved) => {
        writeMcpRemote(home, saved, 'elsewhere');
        return { args: ['elsewhere'], place: 'elsewhere' };
      },
    ],
    [
      'mcporter',
      'mcporter',
      (home, saved) => {
        writeVault(home, saved, '.mcporter');
        return { args: [], place: '.mcporter' };
      },
    ],
    [
      'a directory of one server of mcporter, whose url nobody noted',
      'mcporter',
      (home, saved) => {
        const { tokens, client } = foreignFiles(saved, '/callback');
        home.write('.mcporter/crm/tokens.json', JSON.stringify(tokens));
        home.write('.mcporter/crm/client.json', JSON.stringify(client));
        return { args: ['--server', 'crm'], place: '.mcporter' };
      },
    ],
  ];

  test.each(layouts)('A12: the login of %s works here without a new one', async (_, program, layout) => {
    const { as, server, a, b } = await twoMachines();
    const { args, place } = layout(b, a.logins()[0] as unknown as Saved);
    b.writeServers({ other: { url: `${server.url}/other` }, crm: { url: server.url } });
    const theirs = filesUnder(b, place);
    const imported = await stage.run(b, ['import', '--from', program, ...args]);
    expect(imported).toMatchObject({ code: 0, stdout: '' });
    expect(imported.stderr).toMatch(/^crm: imported/m);
    expect(imported.stderr).toMatch(/two programs that renew the same login end it for both/);
    expect(imported.stderr).toMatch(
      program === 'mcporter' ? /mcporter config logout/ : /rm .*_tokens\.json .*_client_info/,
    );
    expect(filesUnder(b, place)).toEqual(theirs);
    expectNoSecrets(as, imported);
    const { client, issuer } = b.logins()[0] as { client: object; issuer: string };
    expect(issuer).toBe(as.issuer);
    expect(client).toMatchObject({ registered_at: 1_700_000_000, redirect_uri: expect.stringContaining(':14711/') });
    await expectUsable(b, as);
  });

  test('a token that expired there is refreshed here', async () => {
    const { as, a, b } = await twoMachines();
    writeVault(b, a.logins()[0] as unknown as Saved, '.mcporter');
    const path = join(b.directory, '.mcporter/credentials.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"expires_at":\d+/, '"expires_at":1700000000'));
    as.expireAccessTokens();
    expect((await stage.run(b, ['import', '--from', 'mcporter'])).code).toBe(0);
    expect((await stage.run(b, ['call', 'crm', 'whoami'])).code).toBe(0);
    expect(as.counts).toMatchObject({ authorizations: 1, refreshes: 1 });
  });

  test('a server that cannot be reached is reported and skipped, and the others come', async () => {
    const { a, b, server } = await twoMachines();
    const gone = `http://127.0.0.1:${await freePort()}/mcp`;
    const saved = a.logins()[0] as unknown as Saved;
    writeMcpRemote(b, saved, '.mcp-auth/mcp-remote-0.1.37');
    writeMcpRemote(b, { ...saved, server_url: gone }, '.mcp-auth/mcp-remote-0.1.37');
    b.writeServers({ gone: { url: gone }, crm: { url: server.url } });
    const imported = await stage.run(b, ['import', '--from', 'mcp-remote', '--json']);
    expect(imported).toMatchObject({ code: 4, stderr: '' });
    expect(imported.json().logins).toMatchObject([
      { outcome: 'failed', servers: ['gone'], error: { code: 'SERVER_UNAVAILABLE' } },
      { outcome: 'imported', servers: ['crm'] },
    ]);
    expect(b.logins()).toHaveLength(1);
  });

  test('a login of our own that is newer stays', async () => {
    const { a, server } = await twoMachines();
    const saved = a.logins()[0] as unknown as Saved;
    writeMcpRemote(a, { ...saved, tokens: { ...saved.tokens, access_token: 'older' } }, '.mcp-auth/mcp-remote-0.1.37');
    const file = join(a.directory, '.mcp-auth/mcp-remote-0.1.37', `${md5(server.url)}_tokens.json`);
    utimesSync(file, 1_700_000_000, 1_700_000_000);
    const before = bytesOf(a);
    const imported = await stage.run(a, ['import', '--from', 'mcp-remote', '--json']);
    expect(imported.json().logins).toMatchObject([{ outcome: 'kept' }]);
    expect(bytesOf(a)).toEqual(before);
  });

  const nothing: readonly [string, (home: Home, saved: Saved) => unknown, readonly string[], number, RegExp][] = [
    ['no cache', () => undefined, ['mcp-remote'], 2, /there is no directory .*\.mcp-auth .*\n.*--from mcp-remote DIR/],
    ['no cache of mcporter', () => undefined, ['mcporter'], 2, /there is no directory .*\.mcporter/],
    [
      'logins of other servers',
      (home, saved) => writeVault(home, { ...saved, server_url: 'https://elsewhere.example/mcp' }, '.mcporter'),
      ['mcporter'],
      3,
      /has no login in .* for a server of the config: crm\n.*https:\/\/elsewhere\.example\/mcp/,
    ],
    [
      'logins whose urls are not noted',
      (home, saved) => writeMcpRemote(home, saved, '.mcp-auth/mcp-remote-0.1.37', md5('https://elsewhere.example')),
      ['mcp-remote'],
      3,
      /1 of urls that are not noted there/,
    ],
    [
      'a vault that is broken',
      (home) => home.write('.mcporter/credentials.json', '{"version": 2, "entries": [7, {"tokens": "canary"}'),
      ['mcporter'],
      3,
      /has no login/,
    ],
  ];

  test('where there is nothing to take, it says what there is', async () => {
    const { as, a, server } = await twoMachines();
    const saved = a.logins()[0] as unknown as Saved;
    for (const [what, write, [program = ''], code, says] of nothing) {
      const home = stage.home({ servers: { crm: { url: server.url } } });
      write(home, saved);
      const result = await stage.run(home, ['import', '--from', program]);
      expect(result, what).toMatchObject({ code, stderr: expect.stringMatching(says) });
      expect(home.loginFiles(), what).toEqual([]);
      expectNoSecrets(as, result);
    }
  });

  function filesUnder(home: Home, place: string): Record<string, string> {
    const inside = home.files().filter((path) => path.startsWith(join(home.directory, place)));
    return Object.fromEntries(inside.sort().map((path) => [path, `${statSync(path).mtimeMs} ${readFileSync(path)}`]));
  }
});
