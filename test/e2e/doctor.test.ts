// `portico doctor` as a person and a program run it: real servers, the real command, and no human.
import { readFileSync } from 'node:fs';
import { execPath } from 'node:process';
import { afterEach, describe, expect, test } from 'vitest';
import { loginKey } from '../../src/auth/server-key.ts';
import type { Home } from '../helpers/home.ts';
import { freePort, startHttp } from '../helpers/http-servers.ts';
import type { Json } from '../helpers/json-rpc-process.ts';
import { fixtureServer } from '../helpers/programs.ts';
import { Stage } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());

/** What differs from run to run and from machine to machine, by names. */
function normalised(document: Json, home: Home): string {
  return (
    `${JSON.stringify(document, null, 2)}\n`
      .replaceAll(home.directory, 'HOME')
      .replaceAll(execPath, 'NODE')
      .replace(/"HOME\/(?:\.config|\.local|\.cache|Library)\/[^"]*"/g, '"HOME/…"')
      .replace(/"(portico_version|node_version|platform|\w+_directory)": "(?!HOME)[^"]*"/g, '"$1": "…"')
      .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
      .replace(/\b[0-9a-f]{32}\b/g, 'KEY')
      .replace(/"client-[\w-]+"/g, '"CLIENT"')
      // What this machine has beside its PATH.
      .replace(/(was not found in): [^"]*/g, '$1: DIRECTORIES')
      .replace(/"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, '"INSTANT"')
  );
}

/** The requests that changed something at the authorization server. */
function changesAt({ log }: { readonly log: readonly { method: string; path: string }[] }): string[] {
  return log.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`);
}

test('E42, G53: the document of --json is the one that was agreed on, member for member', async () => {
  const { server } = await stage.protectedPair();
  const closed = await stage.protectedPair({ faults: { registration: 'none', metadataAs: 'other-issuer' } });
  const home = stage.home({
    servers: {
      crm: { url: server.url },
      wiki: { url: closed.server.url, headers: { 'X-Team': 'canary-header-value' } },
      local: fixtureServer('echo'),
      gone: { command: 'no-such-program' },
      broken: { url: 'ftp://nowhere.example' },
      off: { url: 'https://off.example/mcp', disabled: true },
    },
    browser: 'approves',
    env: { PATH: execPath.replace(/\/node$/, ''), GATEWAY_SHELL_PATH: 'off' },
  });
  await stage.run(home, ['login', 'crm']);
  const result = await stage.run(home, ['doctor', '--json']);
  expect(result.code).toBe(1);
  await expect(normalised(result.json(), home)).toMatchFileSnapshot('./contracts/doctor.txt');
});

describe('a login', () => {
  test('that is missing is asked for, and nothing is registered or opened', async () => {
    const { as, server } = await stage.protectedPair();
    const home = stage.home({ servers: { crm: { url: server.url } }, browser: 'approves' });
    const { code, stderr, stdout } = await stage.run(home, ['doctor', 'crm']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('crm: needs_login: portico login crm');
    expect(changesAt(as)).toEqual([]);
    expect(home.openings()).toEqual([]);
    expect(home.loginFiles()).toEqual([]);
    for (const line of stderr.split('\n')) if (!line.includes('/')) expect(line.length).toBeLessThanOrEqual(80);
  });

  test('that works is proved with its token, and neither refreshed nor rewritten', async () => {
    const { as, server } = await stage.protectedPair();
    const home = stage.home({ servers: { crm: { url: server.url } }, browser: 'approves' });
    await stage.run(home, ['login', 'crm']);
    const before = home.loginFiles().map((path) => readFileSync(path, 'utf8'));
    as.log.length = 0;
    const { code, stderr } = await stage.run(home, ['doctor', 'crm']);
    expect(stderr).toContain('crm: ok: logged in, and the server takes the token');
    expect(code).toBe(0);
    expect(changesAt(as)).toEqual([]);
    expect(home.loginFiles().map((path) => readFileSync(path, 'utf8'))).toEqual(before);
  });

  test('that the authorization server has ended is found by its token', async () => {
    const { server } = await stage.protectedPair();
    const home = stage.home({ servers: { crm: { url: server.url } }, browser: 'approves' });
    await stage.run(home, ['login', 'crm']);
    server.revokeAll();
    const { code, stderr } = await stage.run(home, ['doctor', 'crm']);
    expect(stderr).toMatch(/crm: needs_login \(token\): portico login crm \(the server rejects the saved token/);
    expect(code).toBe(1);
  });

  test('that is open in another process is named with its holder', async () => {
    const { server } = await stage.protectedPair();
    const home = stage.home({ servers: { crm: { url: server.url } }, env: { GATEWAY_LOGIN_WAIT_MS: '0' } });
    const gateway = await stage.gateway(home);
    await gateway.callTool('execute_tool', { server: 'crm', tool: 'whoami', args: {} });
    const found = (await stage.run(home, ['doctor', 'crm', '--json'])).json();
    const saved = found.servers[0].steps.find(({ step }: Json) => step === 'saved_login');
    expect(saved.facts.open_login).toMatch(/^process \d+ on /);
    expect(JSON.stringify(found)).not.toContain('code_challenge');
  });

  test('whose file cannot be read is a problem, and the file stays as it is', async () => {
    const { server } = await stage.protectedPair();
    const home = stage.home({ servers: { crm: { url: server.url } } });
    const path = home.write(`logins/${loginKey(server.url)}.json`, '{"version": 1, "half');
    const { code, stderr } = await stage.run(home, ['doctor', 'crm']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/crm: problem \(saved_login\)/);
    expect(readFileSync(path, 'utf8')).toBe('{"version": 1, "half');
  });
});

describe('the mending line', () => {
  test.each([
    {
      fault: { registration: 'none' as const },
      step: 'client',
      line: '"oauth": {"clientId": "…", "callbackPort": 33418}',
    },
    {
      fault: { metadataAs: 'other-issuer' as const },
      step: 'server_metadata',
      line: '"issuer": "https://other-issuer.example"',
    },
  ])('is printed for $step', async ({ fault, step, line }) => {
    const { server } = await stage.protectedPair({ faults: fault });
    const home = stage.home({ servers: { crm: { url: server.url } } });
    const { code, stderr } = await stage.run(home, ['doctor', 'crm']);
    expect(code).toBe(1);
    expect(stderr).toContain(`crm: problem (${step})`);
    expect(stderr).toContain(line);
  });

  test('works when it is pasted: the doctor finds nothing more to mend there', async () => {
    const { server } = await stage.protectedPair({ faults: { metadataAs: 'other-issuer' } });
    const home = stage.home({ servers: { crm: { url: server.url } } });
    const { verdict } = (await stage.run(home, ['doctor', 'crm', '--json'])).json().servers[0];
    home.writeServers({ crm: { url: server.url, ...JSON.parse(`{${verdict.fix.config}}`) } });
    expect((await stage.run(home, ['doctor', 'crm'])).stderr).toContain('crm: needs_login: portico login crm');
  });
});

test('C27: https on a port that speaks none is named with host and reason', async () => {
  const { server } = await stage.protectedPair();
  const port = new URL(server.url).port;
  const home = stage.home({ servers: { tls: { url: `https://127.0.0.1:${port}/mcp` } } });
  const { code, stderr } = await stage.run(home, ['doctor', 'tls']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/tls: problem \(network\): 127\.0\.0\.1:\d+: it does not speak TLS/);
});

test('F49, E42: a server that is down, one that is odd and a local command get one verdict each', async () => {
  const odd = await startHttp((_request, response) => response.writeHead(403).end('\u001b[31mForbidden\u001b[0m'));
  stage.own(() => odd.close());
  const home = stage.home({
    servers: {
      down: { url: `http://127.0.0.1:${await freePort()}/mcp` },
      odd: { url: odd.url },
      echo: fixtureServer('echo'),
    },
  });
  const { code, stderr } = await stage.run(home, ['doctor']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^down: problem \(network\): 127\.0\.0\.1:\d+: the connection is refused/m);
  expect(stderr).toMatch(/^odd: problem \(challenge\): the server answers 403/m);
  expect(stderr).toMatch(/^echo: ok: lists \d+ tools, revision /m);
  expect(stderr).not.toContain('\u001b');
});

test('an unknown server is wrong usage, and no server at all is no finding', async () => {
  const home = stage.home({ servers: { crm: { command: 'node' } } });
  const unknown = await stage.run(home, ['doctor', 'crn']);
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('Did you mean crm?') });
  expect((await stage.run(stage.home(), ['doctor'])).code).toBe(0);
});

test('F56: no secret of a login, of the config or of the environment is in any output', async () => {
  const { as, server } = await stage.protectedPair();
  const home = stage.home({
    servers: {
      crm: { url: server.url, headers: { 'X-Api-Key': 'canary-header-value' } },
      shop: {
        url: `${server.url}?api_key=canary-query-value-1`,
        oauth: { clientId: 'shop', clientSecret: 'canary-client-secret' },
      },
    },
    browser: 'approves',
    env: { GATEWAY_DEBUG: '1', HTTPS_PROXY: 'http://user:canary-proxy-password@127.0.0.1:1' },
  });
  await stage.run(home, ['login', 'crm']);
  as.faults.token = ['503'];
  const runs = [['doctor'], ['doctor', 'crm', 'shop'], ['doctor', '--json'], ['doctor', 'shop', '--json']];
  for (const args of runs) {
    const { stdout, stderr } = await stage.run(home, args);
    const shown = stdout + stderr;
    expect(shown).not.toContain('canary');
    expect(as.secrets.length).toBeGreaterThan(1);
    expect(as.secrets.filter((secret) => shown.includes(secret))).toEqual([]);
  }
});
