// Login files at rest: encrypted where there is a key, never lost for want of one, and in a directory that may not be
// writable.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import type { Home, HomeOptions } from '../helpers/home.ts';
import { fixtureServer, root } from '../helpers/programs.ts';
import { Stage, until } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());

const passphrase = 'canary correct horse battery';
const base64 = `base64:${randomBytes(32).toString('base64')}`;
const whoami = { server: 'crm', tool: 'whoami' };

async function scene(options: HomeOptions = {}) {
  const pair = await stage.protectedPair();
  const servers = { crm: { url: pair.server.url }, good: fixtureServer('echo') };
  const home = stage.home({ servers, browser: 'approves', ...options });
  return { ...pair, home };
}

/** The same files under another environment. */
function withEnv(home: Home, env: Home['env']): Home {
  return Object.assign(Object.create(home), { env }) as Home;
}

function loginText(home: Home): string {
  const [file = ''] = home.loginFiles();
  return readFileSync(file, 'utf8');
}

describe.each([
  ['a passphrase', { GATEWAY_TOKEN_KEY: passphrase }],
  ['a key', { GATEWAY_TOKEN_KEY: base64 }],
  ['a key file', { GATEWAY_TOKEN_KEY_FILE: 'secrets/token-key' }],
])('with %s', (_, env) => {
  test('H56: a login shows nothing in its file, and a gateway that starts later reads and refreshes it', async () => {
    const { home, as } = await scene({ env: { ...env, GATEWAY_LOG_LEVEL: 'debug' } });
    home.write('secrets/token-key', `${base64}\n`);
    const expectSealed = (): string => {
      const text = loginText(home);
      expect(JSON.parse(text)).toMatchObject({ protected: expect.any(String), ciphertext: expect.any(String) });
      expect(as.secrets.length).toBeGreaterThan(1);
      expect(as.secrets.filter((secret) => text.includes(secret))).toEqual([]);
      expect(text).not.toMatch(/access_token|refresh_token|client-|alice|127\.0\.0\.1/);
      return text;
    };

    const first = await stage.gateway(home);
    await first.execute('crm', 'whoami');
    const login = expectSealed();
    expect(home.mode(home.loginFiles()[0] ?? '')).toBe('600');
    await first.stop();

    const later = await stage.gateway(home);
    expect((await later.execute('crm', 'whoami')).structuredContent).toMatchObject({ subject: 'alice' });
    expect(expectSealed()).toBe(login);
    as.expireAccessTokens();
    await later.execute('crm', 'whoami');
    expect(as.counts).toMatchObject({ authorizations: 1, refreshes: 1 });
    expect(expectSealed()).not.toBe(login);
    await later.stop();

    const status = await stage.run(home, ['status', '--json']);
    expect(status.json().servers[0]).toMatchObject({ server: 'crm', state: 'logged_in', last_error: null });
    const printed = first.stderr + later.stderr + status.stdout + status.stderr;
    expect(printed).not.toContain(base64.slice(7));
    expect(printed).not.toContain('canary');
  });
});

describe('a key that does not fit', () => {
  const wrong: readonly [string, Record<string, string>, RegExp][] = [
    ['another passphrase', { GATEWAY_TOKEN_KEY: `${passphrase}!` }, /^GATEWAY_TOKEN_KEY does not open the login file/],
    ['a key in base64', { GATEWAY_TOKEN_KEY: base64 }, /with a passphrase, not with a key/],
    ['one that is too short', { GATEWAY_TOKEN_KEY: 'canary' }, /^GATEWAY_TOKEN_KEY is shorter than 12/],
    ['one that is empty', { GATEWAY_TOKEN_KEY: '' }, /^GATEWAY_TOKEN_KEY is empty/],
    ['a key file that is missing', { GATEWAY_TOKEN_KEY_FILE: 'nowhere' }, /^the key file .*nowhere .*ENOENT/],
  ];

  test('C24: is an error of that server alone; the file stays byte for byte, and the right key opens it again', async () => {
    const { home, as } = await scene({ env: { GATEWAY_TOKEN_KEY: passphrase } });
    await stage.run(home, ['login', 'crm']);
    const before = readFileSync(home.loginFiles()[0] ?? '');
    const { GATEWAY_TOKEN_KEY: _right, ...rest } = home.env;
    // None of them changes anything, so they need not wait for each other.
    await Promise.all(wrong.map(([what, env, says]) => expectRefused(withEnv(home, { ...rest, ...env }), what, says)));

    expect(as.counts).toMatchObject({ authorizations: 1, refreshes: 0 });
    expect(readFileSync(home.loginFiles()[0] ?? '')).toEqual(before);
    const again = await stage.gateway(home);
    await again.execute('crm', 'whoami');
    expect(as.counts.authorizations).toBe(1);
  });

  async function expectRefused(other: Home, what: string, says: RegExp): Promise<void> {
    const gateway = await stage.gateway(other);
    expect(await gateway.executeText('good', 'echo', {}), what).toBe('{}');
    const failure = await gateway.failure('execute_tool', whoami);
    expect(failure, what).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(says) });
    const hint = expect.stringMatching(says);
    expect(await gateway.listed('crm'), what).toMatchObject({ state: 'failed', hint });
    expect(await gateway.failure('login_server', { server: 'crm' }), what).toMatchObject({ code: 'CONFIG_INVALID' });
    await gateway.stop();
    const status = (await stage.run(other, ['status', '--json'])).json();
    expect(status.servers[0], what).toMatchObject({ server: 'crm', state: 'failed', last_error: hint });
    const login = await stage.run(other, ['login', 'crm']);
    expect(login, what).toMatchObject({ code: 2, stderr: expect.stringMatching(/portico: (GATEWAY|the key file)/) });
    expect(gateway.stderr + login.stderr + JSON.stringify(status), what).not.toContain('canary');
  }

  test('C24: no key at all for an encrypted file names the variable; logout gives the login up all the same', async () => {
    const { home, as } = await scene({ env: { GATEWAY_TOKEN_KEY: passphrase } });
    await stage.run(home, ['login', 'crm']);
    const { GATEWAY_TOKEN_KEY: _key, ...env } = home.env;
    const other = withEnv(home, env);
    const status = (await stage.run(other, ['status', '--json'])).json();
    expect(status.servers[0]).toMatchObject({
      state: 'failed',
      last_error: expect.stringMatching(/^GATEWAY_TOKEN_KEY is not set/),
    });
    const logout = await stage.run(other, ['logout', 'crm']);
    expect(logout).toMatchObject({ code: 0, stderr: expect.stringContaining('cannot be revoked') });
    expect(logout.stderr).toContain('the authorization server was not told');
    expect(home.loginFiles()).toEqual([]);
    expect(as.log.filter(({ path }) => path === '/revoke')).toEqual([]);
    expect(await stage.run(other, ['login', 'crm'])).toMatchObject({ code: 0 });
  });

  test('a server that needs no login does not need the key either; the log and the hint say that it is none', async () => {
    const open = stage.home({ servers: { good: fixtureServer('echo') }, env: { GATEWAY_TOKEN_KEY: 'canary' } });
    const silent = await stage.gateway(open);
    expect(await silent.executeText('good', 'echo', {})).toBe('{}');
    await silent.stop();
    expect(silent.stderr).not.toContain('GATEWAY_TOKEN_KEY');

    const { home } = await scene({ env: { GATEWAY_TOKEN_KEY: 'canary' } });
    const gateway = await stage.gateway(home);
    const line = await until(() => gateway.stderr.split('\n').find((text) => text.includes('GATEWAY_TOKEN_KEY')));
    expect(JSON.parse(line)).toMatchObject({ level: 'error', msg: expect.stringContaining('is shorter than 12') });
    expect(await gateway.listed('crm')).toMatchObject({
      state: 'idle',
      hint: expect.stringMatching(/^GATEWAY_TOKEN_KEY is shorter/),
    });
  });
});

test('a login from before the key is used, and encrypted when it is refreshed', async () => {
  const { home, as } = await scene();
  await stage.run(home, ['login', 'crm']);
  expect(loginText(home)).toContain('refresh_token');
  const gateway = await stage.gateway(home, { env: { GATEWAY_TOKEN_KEY: base64 } });
  await gateway.execute('crm', 'whoami');
  expect(loginText(home)).toContain('refresh_token');
  as.expireAccessTokens();
  await gateway.execute('crm', 'whoami');
  expect(loginText(home)).not.toContain('refresh_token');
  expect(as.counts).toMatchObject({ authorizations: 1, refreshes: 1 });
});

describe('the keychain of the system', () => {
  function keyring(home: Home) {
    const file = home.write('keyring.json', '{}');
    const nodeArgs = ['--import', pathToFileURL(join(root, 'test', 'helpers', 'fake-keyring.mjs')).href];
    return { file, nodeArgs, entries: () => JSON.parse(readFileSync(file, 'utf8')) };
  }

  test('holds a key that is made at its first use; the package is not loaded without being asked for', async () => {
    const { home, as } = await scene();
    const { file, nodeArgs, entries } = keyring(home);
    const plain = await stage.gateway(home, { nodeArgs, env: { PORTICO_TEST_KEYRING: file } });
    await plain.value('list_servers');
    await plain.stop();
    expect(entries()).toEqual({});

    const env = { PORTICO_TEST_KEYRING: file, GATEWAY_TOKEN_KEY: 'keychain' };
    const first = await stage.gateway(home, { nodeArgs, env });
    await first.execute('crm', 'whoami');
    await first.stop();
    const made = { loaded: true, 'portico/token-key': expect.stringMatching(/^base64:[\w+/]{43}=$/) };
    expect(entries()).toEqual(made);
    expect(as.secrets.filter((secret) => loginText(home).includes(secret))).toEqual([]);
    const later = await stage.gateway(home, { nodeArgs, env });
    await later.execute('crm', 'whoami');
    expect(as.counts.authorizations).toBe(1);
    await later.stop();

    const before = readFileSync(home.loginFiles()[0] ?? '');
    writeFileSync(file, JSON.stringify({ ...entries(), locked: true }));
    const locked = await stage.gateway(home, { nodeArgs, env });
    expect(await locked.failure('execute_tool', whoami)).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('the keychain is locked'),
    });
    expect(readFileSync(home.loginFiles()[0] ?? '')).toEqual(before);
    expect(first.stderr + later.stderr + locked.stderr).not.toContain(entries()['portico/token-key'].slice(7));
  });

  test('C24: without the package is an error with the command that installs it, before anybody logs in', async () => {
    const { home, as } = await scene({ env: { GATEWAY_TOKEN_KEY: 'keychain' } });
    const login = await stage.run(home, ['login', 'crm']);
    expect(login.code).toBe(2);
    expect(login.stderr).toContain('@napi-rs/keyring is not installed');
    expect(login.stderr).toContain('npm install --global @napi-rs/keyring');
    expect(as.counts.authorizations).toBe(0);
  });
});

describe('a token directory that cannot be written', () => {
  /** Nothing stops root, so where the tests run as root every process of the scene becomes nobody. */
  const isRoot = process.getuid?.() === 0;
  const nobody = 65_534;
  const change = `process.setgroups([]),process.setgid(${nobody}),process.setuid(${nobody})`;
  const become = `data:text/javascript,process.getuid()||(${change})`;
  const asNobody: HomeOptions = isRoot ? { env: { NODE_OPTIONS: `--import ${become}` } } : {};
  function giveToNobody(home: Home): void {
    if (isRoot) spawnSync('chown', ['-R', `${nobody}:${nobody}`, home.directory]);
  }

  test.skipIf(process.platform === 'win32')(
    'C24: is one warning at the start with path and command, shown by list_servers and status; a login lasts as long as the process',
    async () => {
      const { home, as } = await scene(asNobody);
      mkdirSync(home.tokenDirectory);
      giveToNobody(home);
      chmodSync(home.tokenDirectory, 0o500);
      const gateway = await stage.gateway(home);
      const says = `logins cannot be saved: ${home.tokenDirectory} cannot be written by uid`;
      const line = await until(() => gateway.stderr.split('\n').find((text) => text.includes(says)));
      const mend = `chmod u+rwx ${home.tokenDirectory}`;
      expect(JSON.parse(line)).toMatchObject({ level: 'warn', fix: mend, msg: expect.stringContaining(mend) });
      expect(line).toMatch(/owner \d+:\d+, mode 0500/);
      expect(await gateway.listed('crm')).toMatchObject({ state: 'idle', hint: expect.stringContaining(says) });
      const status = (await stage.run(home, ['status', '--json'])).json();
      expect(status.servers[0]).toMatchObject({ server: 'crm', last_error: expect.stringContaining(mend) });

      expect((await gateway.execute('crm', 'whoami')).structuredContent).toMatchObject({ subject: 'alice' });
      as.expireAccessTokens();
      await gateway.execute('crm', 'whoami');
      expect(as.counts).toMatchObject({ authorizations: 1, refreshes: 1 });
      expect(home.loginFiles()).toEqual([]);
      expect(gateway.stderr.split(says)).toHaveLength(2);

      spawnSync('sh', ['-c', mend]);
      expect(await gateway.listed('crm')).not.toHaveProperty('hint');
      as.expireAccessTokens();
      await gateway.execute('crm', 'whoami');
      expect(home.loginFiles()).toHaveLength(1);
    },
  );

  test('is made at the start, mode 0700, with nothing left in it; without servers that log in it is not', async () => {
    const { home } = await scene();
    await stage.gateway(home);
    await until(() => home.files().length > 0 && readdirSync(home.directory).includes('logins'));
    expect(home.mode(home.tokenDirectory)).toBe('700');
    await until(() => readdirSync(home.tokenDirectory).length === 0);
    const local = stage.home({ servers: { good: fixtureServer('echo') } });
    const gateway = await stage.gateway(local);
    await gateway.executeText('good', 'echo', {});
    expect(readdirSync(local.directory)).not.toContain('logins');
  });
});
