// Owns which scene each page is executed in: the page's name, or with `#` and a heading for one part of it.
import { createHash } from 'node:crypto';
import { runDocsCommand } from '../../helpers/docs-shell.ts';
import type { Home } from '../../helpers/home.ts';
import type { Stage } from '../../helpers/stage.ts';
import { passphraseEnv } from '../../helpers/two-machines.ts';
import { createHuman, local, named, type SceneFor } from './scene.ts';

/** A home with a login to `crm`, and the pair behind it. */
async function loggedIn(stage: Stage, env: Readonly<Record<string, string>> = {}) {
  const pair = await stage.protectedPair();
  const home = stage.home({ servers: { crm: { url: pair.server.url } }, env });
  await logIn(home);
  return { home, pair };
}

async function logIn(home: Home): Promise<void> {
  const { code, output } = await runDocsCommand('portico login crm', { home, human: createHuman() });
  if (code !== 0) throw new Error(output);
}

/** What other programs would have saved in the place of our login. */
function foreignLogin(login: Record<string, unknown>) {
  const { client, tokens } = login as { client: Record<string, string>; tokens: Record<string, string> };
  const { access_token, refresh_token, token_type } = tokens;
  const registered = { client_id: client['client_id'], redirect_uris: ['http://localhost:14711/oauth/callback'] };
  return { tokens: { access_token, refresh_token, token_type, expires_in: 3600 }, client: registered };
}

/** The cache of mcp-remote, as it lies in the home directory. */
function writeMcpRemoteCache(home: Home, url: string, login: Record<string, unknown>): void {
  const { tokens, client } = foreignLogin(login);
  const at = `.mcp-auth/mcp-remote-0.1.37/${createHash('md5').update(url).digest('hex')}`;
  home.write(`${at}_tokens.json`, JSON.stringify(tokens));
  home.write(`${at}_client_info.json`, JSON.stringify(client));
}

function writeMcporterVault(home: Home, serverUrl: string, login: Record<string, unknown>): void {
  const { tokens, client } = foreignLogin(login);
  const updatedAt = new Date().toISOString();
  const entry = { serverName: 'crm', serverUrl, updatedAt, tokens, clientInfo: client };
  home.write('.mcporter/credentials.json', JSON.stringify({ version: 2, entries: { 'crm|0123': entry } }));
}

export const scenes: Readonly<Record<string, SceneFor>> = {
  'docs/direct-mode.md': (stage) => ({ home: stage.home({ servers: { notes: local } }) }),

  'docs/doctor.md': async (stage) => {
    const pair = await stage.protectedPair({}, { scopesSupported: ['read'] });
    pair.as.faults.metadataAs = 'other-issuer';
    const home = stage.home({ servers: { crm: { url: pair.server.url } } });
    const shownAs = {
      ...named(pair, 'https://mcp.example.com/mcp'),
      'https://other-issuer.example': 'https://auth.example.com',
      '127.0.0.1': '203.0.113.7',
    };
    const found = ['portico doctor', 'portico doctor SERVER', 'portico doctor --json', 'portico doctor crm'];
    return {
      home,
      shownAs,
      placeholders: { SERVER: 'crm' },
      exitCodes: Object.fromEntries(found.map((text) => [text, 1])),
    };
  },

  'docs/logins.md#client-id-metadata-documents': (stage) => ({ home: stage.home() }),

  'docs/logins.md#two-accounts-on-one-server': async (stage) => {
    const { server } = await stage.protectedPair();
    const entry = (profile: string) => ({ url: server.url, profile, oauth: { scope: 'tools openid' } });
    const home = stage.home({ servers: { 'crm-work': entry('work'), 'crm-home': entry('home') } });
    return { home, humans: { 'portico login crm-work': { user: 'ann' }, 'portico login crm-home': { user: 'bob' } } };
  },

  'docs/logins.md#move-a-login-to-another-machine': async (stage) => {
    const { home, pair } = await loggedIn(stage, passphraseEnv);
    const elsewhere = stage.home({ servers: { crm: { url: pair.server.url } }, env: passphraseEnv });
    for (const machine of [home, elsewhere]) machine.write('pass.txt', 'correct horse battery staple\n');
    const again =
      'portico export crm --passphrase-file pass.txt | ssh server portico import - --passphrase-file pass.txt';
    return { home, elsewhere, before: { [again]: () => logIn(home) } };
  },

  'docs/logins.md#coming-from-mcp-remote-or-mcporter': async (stage) => {
    const { home, pair } = await loggedIn(stage);
    const [login = {}] = home.logins();
    writeMcpRemoteCache(home, pair.server.url, login);
    writeMcporterVault(home, pair.server.url, login);
    await runDocsCommand('rm -r logins', { home });
    return { home };
  },

  'docs/logins.md#encrypt-the-login-files': async (stage) => ({ home: (await loggedIn(stage)).home }),
};
