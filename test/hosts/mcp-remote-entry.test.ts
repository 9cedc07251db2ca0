// What becomes of an entry that runs mcp-remote.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the syntax of the configs.
import { describe, expect, it } from 'vitest';
import { convertServer } from '../../src/hosts/convert-server.ts';
import type { HostId } from '../../src/hosts/host-places.ts';
import { fromMcpRemote } from '../../src/hosts/mcp-remote-entry.ts';
import { usableEntry } from '../config/write-config.ts';

const url = 'https://a/mcp';
const npx = (...args: string[]) => ({ command: 'npx', args: ['-y', 'mcp-remote', url, ...args] });
const login = 'runs mcp-remote there; here it is the url itself. Its login: portico import --from mcp-remote';
const client = '{"client_id":"c","client_secret":"s"}';

const rows: readonly [entry: object, expected: object, notes?: readonly RegExp[]][] = [
  [npx(), { url }],
  [{ command: '/usr/bin/npx', args: ['mcp-remote@0.1.30', url] }, { url }],
  [{ command: 'cmd', args: ['/c', 'npx.cmd', '--yes', 'mcp-remote@latest', url] }, { url }],
  [{ command: 'pnpm', args: ['dlx', 'mcp-remote', url] }, { url }],
  [{ command: 'mcp-remote', args: [url] }, { url }],
  [npx('3334', '--host', 'localhost'), { url, oauth: { callbackPort: 3334, callbackHost: 'localhost' } }],
  [npx('--transport', 'http-only'), { url, type: 'http' }],
  [npx('--transport', 'sse-only'), { url, type: 'sse' }],
  [npx('--transport', 'sse-first', '--debug'), { url }, [/left out: --transport sse-first, --debug/]],
  [npx('--header', 'X-Team:blue', '--header', 'X-B: a: b'), { url, headers: { 'X-Team': 'blue', 'X-B': 'a: b' } }],
  [npx('--resource', 'r'), { url, oauth: { resource: 'r' } }],
  [npx('--disable-resource-parameter'), { url, oauth: { resource: false } }],
  [
    npx('3334', '--static-oauth-client-info', client),
    {
      url,
      oauth: {
        clientId: 'c',
        clientSecret: 's',
        callbackPort: 3334,
        redirectUri: 'http://localhost:3334/oauth/callback',
      },
    },
  ],
  [npx('--static-oauth-client-info', client), { url, oauth: { clientId: 'c', clientSecret: 's' } }, [/"redirectUri"/]],
  [
    npx('--static-oauth-client-metadata', '{"scope":"a b","client_name":"n"}'),
    { url, oauth: { scope: 'a b' } },
    [/left out of --static-oauth-client-metadata: client_name/],
  ],
  [npx('--ignore-tool', 'delete*'), { url }, [/gateway-rules/]],
  [
    npx('--allow-http', '--silent', '--auth-timeout', '60'),
    { url },
    [/left out: --allow-http, --silent, --auth-timeout$/],
  ],
  [
    { ...npx(), env: { NODE_EXTRA_CA_CERTS: 'x' }, disabled: true, cwd: '/' },
    { url, disabled: true },
    [/NODE_EXTRA_CA_CERTS/],
  ],
];

describe('an entry that runs mcp-remote', () => {
  it.each(rows)('%o becomes %o', (...[entry, expected, notes = []]: (typeof rows)[number]) => {
    const matching = notes.map((note) => expect.stringMatching(note));
    expect(fromMcpRemote({ ...entry })).toEqual({ kind: 'converted', entry: expected, notes: [login, ...matching] });
  });

  it.each(rows)('and is one that the gateway takes: %o', async (_, expected) => {
    await expect(usableEntry(expected)).resolves.toMatchObject({ kind: 'http', url });
  });

  it.each<[object, RegExp]>([
    [npx('--new-option', 'canary'), /its option --new-option /],
    [npx('--new-option=canary'), /its option --new-option /],
    [npx('--header'), /the value of its option --header/],
    [npx('--header', 'canary'), /the value of its option --header/],
    [npx('--transport', 'canary'), /the value of its option --transport/],
    [npx('--static-oauth-client-info', '@canary.json'), /the value of its option --static-oauth-client-info/],
    [npx('--static-oauth-client-metadata', '@canary.json'), /--static-oauth-client-metadata/],
    [npx('canary'), /one of its arguments/],
    [{ command: 'npx', args: ['mcp-remote'] }, /place of its URL/],
  ])('stays as it is where it is not understood, and says so: %o', (entry, note) => {
    const result = fromMcpRemote({ ...entry });
    expect(result).toEqual({ kind: 'kept', note: expect.stringMatching(note) });
    expect(JSON.stringify(result)).not.toContain('canary');
  });

  it.each([
    { command: 'npx', args: ['-y', 'other', 'mcp-remote', url] },
    { command: 'npx', args: 'mcp-remote' },
    { url },
  ])('is no other one: %o', (entry) => expect(fromMcpRemote(entry)).toBeUndefined());
});

describe('a variable in a header', () => {
  const entry = { ...npx('--header', 'Authorization:${AUTH}', '--header', 'X:${OTHER}'), env: { AUTH: 'Bearer t' } };

  it.each<HostId>(['claude-desktop', 'claude-code', 'gemini-cli', 'cursor', 'windsurf'])(
    'in %s has its value of the entry, else stays one; and then there is no login to fetch',
    (host) => {
      const headers = { Authorization: 'Bearer t', X: '${OTHER}' };
      const warnings = ['runs mcp-remote there; here it is the url itself'];
      expect(convertServer(host, entry, { platform: 'linux', project: undefined })).toEqual({
        kind: 'converted',
        entry: { url, headers },
        warnings,
      });
    },
  );

  it('in an editor is one of the editor, where it says so, or what it asks for', () => {
    const asked = { ...npx('--header', 'A:${env:AUTH}', '--header', 'B:${input:key}'), env: { AUTH: 'x' } };
    expect(convertServer('vscode', asked, { platform: 'linux', project: '/p' })).toMatchObject({
      entry: { url, headers: { A: '${env:AUTH}', B: '${input:key}' } },
    });
  });
});
