// What each host's way of writing a server becomes here.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the syntax of the configs.
import { describe, expect, it } from 'vitest';
import { convertServer } from '../../src/hosts/convert-server.ts';
import type { HostId } from '../../src/hosts/host-places.ts';
import { usableEntry } from '../config/write-config.ts';

const place = { platform: 'linux', project: undefined } as const;

const rows: readonly (readonly [HostId, object, object])[] = [
  [
    'claude-desktop',
    { command: 'npx', args: ['-y', 'x'], env: { A: '1' } },
    { command: 'npx', args: ['-y', 'x'], env: { A: '1' } },
  ],
  [
    'claude-code',
    { type: 'http', url: 'https://a/mcp', headers: { X: '${A:-b}' } },
    { type: 'http', url: 'https://a/mcp', headers: { X: '${A:-b}' } },
  ],
  ['claude-code', { type: 'stdio', command: 'x', args: [], env: {} }, { command: 'x', args: [] }],
  [
    'claude-code',
    { url: 'https://a', oauth: { clientId: 'c', callbackPort: 8080 } },
    { url: 'https://a', oauth: { clientId: 'c', callbackPort: 8080 } },
  ],
  [
    'cursor',
    { url: 'https://a', headers: { Authorization: 'Bearer ${env:T}' } },
    { url: 'https://a', headers: { Authorization: 'Bearer ${env:T}' } },
  ],
  [
    'cursor',
    { url: 'https://a', auth: { CLIENT_ID: 'c', CLIENT_SECRET: '${env:S}', scopes: ['r', 'w'] } },
    { url: 'https://a', oauth: { clientId: 'c', clientSecret: '${env:S}', scope: 'r w' } },
  ],
  ['cursor', { command: '${userHome}/bin/x${pathSeparator}y' }, { command: '${HOME}/bin/x/y' }],
  ['vscode', { type: 'stdio', command: 'x', env: { K: '${input:key}' } }, { command: 'x', env: { K: '${input:key}' } }],
  ['windsurf', { serverUrl: 'https://a/sse', disabled: true }, { url: 'https://a/sse', disabled: true }],
  [
    'codex',
    {
      url: 'https://a',
      bearer_token_env_var: 'TOKEN',
      http_headers: { A: '1' },
      env_http_headers: { B: 'VAR' },
      enabled: false,
    },
    { url: 'https://a', headers: { Authorization: 'Bearer ${TOKEN}', A: '1', B: '${VAR}' }, disabled: true },
  ],
  [
    'codex',
    {
      command: 'x',
      env_vars: ['A', { name: 'B', source: 'local' }],
      startup_timeout_sec: 20,
      tool_timeout_sec: 1.5,
      enabled: true,
    },
    { command: 'x', inheritEnv: ['A', 'B'], connectTimeoutMs: 20000, timeoutMs: 1500 },
  ],
  [
    'gemini-cli',
    { httpUrl: 'https://a', headers: { T: '$TOKEN' }, timeout: 5000 },
    { url: 'https://a', type: 'http', headers: { T: '${TOKEN}' }, timeoutMs: 5000 },
  ],
  ['gemini-cli', { url: 'https://a/sse' }, { url: 'https://a/sse' }],
  [
    'zed',
    { source: 'custom', command: 'x', args: ['1'], env: { N: 1 }, enabled: true },
    { command: 'x', args: ['1'], env: { N: '1' } },
  ],
  [
    'zed',
    { command: { path: 'x', args: ['1'], env: { A: 'b' } }, settings: undefined },
    { command: 'x', args: ['1'], env: { A: 'b' } },
  ],
  ['zed', { url: 'https://a', headers: { X: '1' } }, { url: 'https://a', headers: { X: '1' } }],
];

describe('a server of a host', () => {
  it.each(rows)('%s: %o', (host, entry, expected) => {
    expect(convertServer(host, entry, place)).toEqual({ kind: 'converted', entry: expected, warnings: [] });
  });

  it.each(rows)('is one that the gateway takes: %s %o', async (_host, _entry, expected) => {
    const env = { A: '1', T: 't', S: 's', HOME: '/h', TOKEN: 't', VAR: 'v' };
    if (JSON.stringify(expected).includes('${input:')) return;
    await expect(usableEntry(expected, env)).resolves.toBeDefined();
  });

  it.each<[HostId, object, RegExp]>([
    ['zed', { source: 'extension', settings: { a: 1 } }, /neither a command nor a url/],
    ['vscode', { command: '${workspaceFolder}/x' }, /only VS Code can fill in \$\{workspaceFolder\}/],
    ['cursor', { command: 'x', args: ['${file}'] }, /\$\{file\}/],
    ['cursor', { url: 5 }, /neither/],
  ])('stays in %s where it cannot be said here: %o', (host, entry, reason) => {
    expect(convertServer(host, entry, place)).toEqual({ kind: 'kept', reason: expect.stringMatching(reason) });
  });

  it.each<[HostId, object, RegExp]>([
    ['gemini-cli', { command: 'x', includeTools: ['a'] }, /"includeTools".*gateway-rules/],
    ['codex', { command: 'x', disabled_tools: ['a'] }, /"disabled_tools".*gateway-rules/],
    ['vscode', { command: 'x', envFile: '.env' }, /"envFile" is not read/],
    ['claude-code', { url: 'https://a', headersHelper: 'x' }, /"headersHelper"/],
  ])('of %s loses nothing in silence: %o', (host, entry, warning) => {
    expect(convertServer(host, entry, place)).toMatchObject({ warnings: [expect.stringMatching(warning)] });
  });

  it('keeps text that its host does not fill in', async () => {
    const entry = { command: 'npx', args: ['mcp-remote', 'u', '--header', 'A:${HDR}', 'a${'], env: { HDR: 'secret' } };
    const converted = convertServer('claude-desktop', entry, place);
    if (converted.kind !== 'converted') throw new Error(converted.reason);
    expect(await usableEntry(converted.entry)).toMatchObject({ args: entry.args, env: entry.env });
  });

  it('of a project runs in its folder', () => {
    const project = { platform: 'linux', project: '/p' } as const;
    expect(convertServer('vscode', { command: '${workspaceFolder}/x' }, project)).toMatchObject({
      entry: { command: '/p/x', cwd: '/p' },
    });
  });
});
