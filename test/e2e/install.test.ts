// install and import-config from the command line to the handshake: the host's file is read as the host would read it,
// and what it says is started as an app with a window would start it.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { afterEach, expect, test } from 'vitest';
import { JsonRpcProcess } from '../helpers/json-rpc-process.ts';
import { fixtureServer } from '../helpers/programs.ts';
import { Stage } from '../helpers/stage.ts';
import { hasTerminals, runInTerminal } from '../helpers/terminal-run.ts';

const stage = new Stage();
afterEach(() => stage.close());

interface Entry {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

test('E40: what install writes starts the gateway without a shell and its PATH, and the gateway has the servers', async () => {
  const home = stage.home({ env: { GATEWAY_MCP_CONFIG: '' } });
  const { XDG_CONFIG_HOME: _, ...env } = home.env;
  expect(env).not.toHaveProperty('XDG_CONFIG_HOME');
  const desktop = home.write('.config/Claude/claude_desktop_config.json', '{\r\n\t"theme": "dark"\r\n}');
  mkdirSync(join(home.directory, '.codex'));
  const cursor = home.write('.cursor/mcp.json', JSON.stringify({ mcpServers: { echo: fixtureServer('echo') } }));
  const before = readFileSync(desktop, 'utf8');

  const taken = await stage.run(home, ['import-config', 'cursor', '--replace', '--json']);
  expect(taken).toMatchObject({ code: 0, stderr: '' });
  const { servers_file: serversFile, hosts } = taken.json();
  expect(hosts).toMatchObject([{ host: 'cursor', servers: [{ name: 'echo', outcome: 'added' }], replaced: true }]);

  for (const host of ['claude-desktop', 'codex']) {
    const installed = await stage.run(home, ['install', host, '--agent', 'me', '--json']);
    expect(installed.json()).toMatchObject({ outcome: 'installed', notes: expect.any(Array) });
    expect((await stage.run(home, ['install', host, '--agent', 'me', '--json'])).json()).toMatchObject({
      outcome: 'unchanged',
    });
  }
  const written = readFileSync(desktop, 'utf8');
  expect(written.startsWith('{\r\n\t"theme": "dark"')).toBe(true);
  const codex = parse(readFileSync(join(home.directory, '.codex', 'config.toml'), 'utf8')) as never as Record<
    string,
    Record<string, Entry>
  >;
  const entry: Entry = JSON.parse(written).mcpServers.portico;
  expect(codex['mcp_servers']?.['portico']).toEqual(entry);
  expect(JSON.parse(readFileSync(cursor, 'utf8')).mcpServers.portico.args).toContain(serversFile);

  const gateway = new JsonRpcProcess({
    ...entry,
    cwd: '/',
    env: { HOME: home.directory, PATH: '/usr/bin:/bin', ...entry.env },
  });
  stage.own(() => gateway.stop());
  expect(await gateway.initialize()).toMatchObject({ serverInfo: { name: 'portico' } });
  const listed = await gateway.callTool('list_servers', {});
  expect(listed.structuredContent.servers).toMatchObject([{ name: 'echo' }]);

  const removed = await stage.run(home, ['install', 'claude-desktop', '--uninstall', '--json']);
  expect(removed.json()).toMatchObject({ outcome: 'removed', exact: true });
  expect(readFileSync(desktop, 'utf8')).toBe(before);
  const undone = await stage.run(home, ['import-config', 'cursor', '--undo', '--json']);
  expect(undone.json()).toMatchObject({ restored: ['echo'], exact: true });
});

test('what goes wrong ends with 2, says where, and shows no secrets', async () => {
  const home = stage.home({ env: { GATEWAY_MCP_CONFIG: '' } });
  home.write(
    '.cursor/mcp.json',
    '{\n  "mcpServers": {\n    "a": {"command": "x", "env": {"API_KEY": "sk-canary-0123456789"}}\n  }\n}\n',
  );
  home.write('.config/zed/settings.json', '{ "a": ');
  const rows: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['install', 'zed'], 2, /settings\.json:1:\d+: is no valid JSON/],
    [['import-config'], 2, /cursor \(1\)/],
    [['install'], 0, /cursor +not installed +1/],
    [['install', 'cursor', '--dry-run'], 0, /\+ +"portico"/],
    [['import-config', 'cursor', '--replace', '--dry-run'], 0, /- +"a"/],
  ];
  for (const [words, code, says] of rows) {
    const result = await stage.run(home, words);
    expect({ words, code: result.code, stdout: result.stdout }).toEqual({ words, code, stdout: '' });
    expect(result.stderr).toMatch(says);
    expect(result.stderr).not.toContain('canary');
  }
  expect(home.files().filter((file) => file.includes('portico-backup'))).toEqual([]);
});

test.skipIf(!hasTerminals)('at a terminal it asks before it takes servers out of a host', async () => {
  const home = stage.home({ env: { GATEWAY_MCP_CONFIG: '' } });
  const file = home.write('.cursor/mcp.json', JSON.stringify({ mcpServers: { echo: fixtureServer('echo') } }));
  const yes = await runInTerminal(home, ['import-config', 'cursor'], [['Replace them in Cursor', 'y']]);
  expect(yes.code).toBe(0);
  expect(Object.keys(JSON.parse(readFileSync(file, 'utf8')).mcpServers)).toEqual(['portico']);
});
