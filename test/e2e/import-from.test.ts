// Logins that come from the caches of other programs, for people who switch.
import { createHash } from 'node:crypto';
import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { Home } from '../helpers/home.ts';
import { freePort } from '../helpers/http-servers.ts';
import { Stage } from '../helpers/stage.ts';
import { bytesOf, expectNoSecrets, expectUsable, twoMachines } from '../helpers/two-machines.ts';

const stage = new Stage();
afterEach(() => stage.close());

/** Many runs of the command, one after the other. */
const manyRunsMs = 120_000;

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

  test.each(layouts)('the login of %s works here without a new one', async (_, program, layout) => {
    const { as, server, a, b } = await twoMachines(stage);
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
    await expectUsable(stage, b, as);
  });

  test('a token that expired there is refreshed here', async () => {
    const { as, a, b } = await twoMachines(stage);
    writeVault(b, a.logins()[0] as unknown as Saved, '.mcporter');
    const path = join(b.directory, '.mcporter/credentials.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"expires_at":\d+/, '"expires_at":1700000000'));
    as.expireAccessTokens();
    expect((await stage.run(b, ['import', '--from', 'mcporter'])).code).toBe(0);
    expect((await stage.run(b, ['call', 'crm', 'whoami'])).code).toBe(0);
    expect(as.counts).toMatchObject({ authorizations: 1, refreshes: 1 });
  });

  test('a server that cannot be reached is reported and skipped, and the others come', async () => {
    const { a, b, server } = await twoMachines(stage);
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
    const { a, server } = await twoMachines(stage);
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
      'an entry that runs mcp-remote itself',
      (home, saved) => {
        writeMcpRemote(home, saved, '.mcp-auth/mcp-remote-0.1.37');
        home.writeServers({ crm: { command: 'npx', args: ['-y', 'mcp-remote@latest', saved.server_url] } });
      },
      ['mcp-remote'],
      3,
      /crm: its entry runs mcp-remote; write "url" in place of "command"/,
    ],
    [
      'a vault that is broken',
      (home) => home.write('.mcporter/credentials.json', '{"version": 2, "entries": [7, {"tokens": "canary"}'),
      ['mcporter'],
      3,
      /has no login/,
    ],
  ];

  test('where there is nothing to take, it says what there is', { timeout: manyRunsMs }, async () => {
    const { as, a, server } = await twoMachines(stage);
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
