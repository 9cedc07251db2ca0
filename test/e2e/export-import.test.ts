import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import type { Home } from '../helpers/home.ts';
import { Stage } from '../helpers/stage.ts';
import { hasTerminals, runInTerminal } from '../helpers/terminal-run.ts';
import {
  bytesOf,
  passphraseEnv as env,
  expectNoSecrets,
  expectUsable,
  passphrase,
  twoMachines,
} from '../helpers/two-machines.ts';

const stage = new Stage();
afterEach(() => stage.close());

/** Many runs of the command, one after the other. */
const manyRunsMs = 120_000;

const newKey = (): string => `base64:${randomBytes(32).toString('base64')}`;

/** The same files under other variables. */
function withEnv(home: Home, change: Readonly<Record<string, string>>): Home {
  return Object.assign(Object.create(home), { env: { ...home.env, ...change } }) as Home;
}

describe('to another machine', () => {
  test('C24: an exported login works there without a browser, is refreshed there, and the export warns of two holders', async () => {
    const { as, a, b, file } = await twoMachines(stage, { cheap: false });
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
    await expectUsable(stage, b, as);
  });

  test('C24: through a pipe nothing touches a disk in the clear, and stdout holds the archive alone', async () => {
    const { as, a, b } = await twoMachines(stage);
    const exported = await stage.run(a, ['export', 'crm']);
    expect(exported.code).toBe(0);
    expect(Object.keys(exported.json())).toEqual(expect.arrayContaining(['protected', 'ciphertext']));
    const wrongUnlessFromTheFile = withEnv(b, { GATEWAY_EXPORT_PASSPHRASE: 'not this one at all' });
    b.write('secret', `${passphrase}\n`);
    const words = ['import', '-', '--json', '--passphrase-file', 'secret'];
    const imported = await stage.run(wrongUnlessFromTheFile, words, exported.stdout);
    expect(imported).toMatchObject({ code: 0, stderr: '' });
    expect(imported.json()).toMatchObject({ place: '-', logins: [{ outcome: 'imported', servers: ['crm'] }] });
    expectNoSecrets(as, exported, imported);
    await expectUsable(stage, b, as);
  });

  test('C24: --move deletes the login here without revoking it, once it is in the file', async () => {
    const { as, a, b, file } = await twoMachines(stage);
    const moved = await stage.run(a, ['export', '--move', '--output', file, '--json']);
    expect(moved.json()).toMatchObject({ file, logins: [{ servers: ['crm'], renews_itself: true, moved: true }] });
    expect(a.loginFiles()).toEqual([]);
    expect(as.counts.revocations).toBe(0);
    expect((await stage.run(a, ['export', '--output', file])).code).toBe(3);
    expect((await stage.run(b, ['import', file])).code).toBe(0);
    await expectUsable(stage, b, as);
  });

  test('C24: between machines whose login files are encrypted with different keys', async () => {
    const { as, server } = await stage.protectedPair();
    const servers = { crm: { url: server.url } };
    const a = stage.home({ servers, browser: 'approves', env: { ...env, GATEWAY_TOKEN_KEY: newKey() } });
    const b = stage.home({ servers, env: { ...env, GATEWAY_TOKEN_KEY: newKey() } });
    await stage.run(a, ['login', 'crm']);
    const { stdout } = await stage.run(a, ['export']);
    expect(await stage.run(b, ['import'], stdout)).toMatchObject({ code: 0 });
    expect(b.logins()[0]).toMatchObject({ ciphertext: expect.any(String) });
    await expectUsable(stage, b, as);
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
    const one = (await stage.run(b, ['import', '--json', '--server', 'crm'], stdout)).json();
    expect(one.logins).toMatchObject([{ outcome: 'imported', servers: ['crm'], profile: 'home' }]);
    expect(b.logins()).toHaveLength(1);
    const imported = (await stage.run(b, ['import', '--json'], stdout)).json();
    expect(imported.logins).toMatchObject([
      { outcome: 'imported', servers: [], profile: 'work' },
      { outcome: 'same', servers: ['crm'], profile: 'home' },
    ]);
    expect(b.logins()).toEqual(a.logins());
    await expectUsable(stage, b, as);
  });

  test('C24: a machine without a config takes the logins in, says so, and gives them on with --all', async () => {
    const { a, b } = await twoMachines(stage);
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
    const { as, a, b } = await twoMachines(stage);
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
    const { a, b } = await twoMachines(stage);
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

  test('C24: is one error, and every login here stays byte for byte', { timeout: manyRunsMs }, async () => {
    const { as, a, b } = await twoMachines(stage);
    const archive = (await stage.run(a, ['export'])).stdout;
    await stage.run(b, ['import'], archive);
    as.expireAccessTokens();
    await stage.run(a, ['call', 'crm', 'whoami']);
    const newer = (await stage.run(a, ['export'])).stdout;
    const before = bytesOf(b);
    for (const [what, change, changedEnv, says] of bad) {
      const path = b.write('archive', change(newer));
      const home = withEnv(b, changedEnv);
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

  test('is one error, and nothing is written', { timeout: manyRunsMs }, async () => {
    const { a, server } = await twoMachines(stage);
    a.writeServers({ crm: { url: server.url }, wiki: { url: `${server.url}/wiki` } });
    const before = a.files().sort();
    for (const [what, args, changedEnv, code, says] of wrong) {
      const home = withEnv(a, changedEnv);
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
    const { as, a, b, file } = await twoMachines(stage);
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
    await expectUsable(stage, b, as);
  });

  test('Ctrl-C at the question ends the export, and nothing is written; without --output a terminal gets no archive', async () => {
    const { a, file } = await twoMachines(stage);
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
