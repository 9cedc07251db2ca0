// Adding the gateway to a host: what is refused, what is kept, what is told.
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createChangeRecords } from '../../src/hosts/change-record.ts';
import { findInstalledHosts, hostIdOf, hostTarget } from '../../src/hosts/find-hosts.ts';
import { readHostFile, writeHostFile } from '../../src/hosts/host-file.ts';
import { installInto, uninstallFrom } from '../../src/hosts/install.ts';
import { hostScene } from './host-scene.ts';

const plain = { name: 'portico', force: false, dryRun: false };

describe('install', () => {
  it('makes file and folder for a host that has no config, for its owner alone, and takes the file away again', async () => {
    const { deps, start, read } = hostScene();
    mkdirSync(join(deps.home, '.codeium', 'windsurf'), { recursive: true });
    const target = await hostTarget('windsurf', deps, { evenIfAbsent: false });
    expect(await installInto(target, { ...plain, start }, deps)).toMatchObject({ edit: { file: 'made' } });
    expect(JSON.parse(read(target.file)).mcpServers.portico).toEqual({ command: start.command, args: start.args });
    expect(statSync(target.file).mode & 0o777).toBe(0o600);
    expect(await uninstallFrom(target, plain, deps)).toMatchObject({ edit: { file: 'deleted' }, exact: true });
    expect(readdirSync(dirname(target.file))).toEqual([]);
    expect(existsSync(join(deps.dataDir, 'hosts')) ? readdirSync(join(deps.dataDir, 'hosts')) : []).toEqual([]);
  });

  it('keeps the mode, follows a link, and gives the backup the same mode', async () => {
    const { deps, start, host, write } = hostScene();
    const real = join(deps.home, 'dotfiles', 'mcp.json');
    write(real, '{}');
    chmodSync(real, 0o640);
    const target = host('cursor', 'x');
    rmSync(target.file);
    symlinkSync(real, target.file);
    await installInto(target, { ...plain, start }, deps);
    expect(lstatSync(target.file).isSymbolicLink()).toBe(true);
    expect([real, `${target.file}.portico-backup`].map((file) => statSync(file).mode & 0o777)).toEqual([0o640, 0o640]);
    await uninstallFrom(target, plain, deps);
    expect(lstatSync(target.file).isSymbolicLink()).toBe(true);
  });

  it.each([
    ['cursor', '{\n  "mcpServers": {\n    "a": }\n}', /mcp\.json:3:10: is no valid JSON/],
    ['cursor', '[]', /mcp\.json:1:1: an object is expected/],
    ['cursor', '{"mcpServers": []}', /mcp\.json:1:16: an object is expected/],
    ['cursor', '{"mcpServers": {}, "mcpServers": {}}', /"mcpServers" stands there twice/],
    ['codex', 'a = 1\nb = \n', /config\.toml:2:\d+: is no valid TOML/],
    ['codex', 'mcp_servers = { a = { command = "x" } }\n', /as one value, which cannot be added to/],
  ] as const)('refuses %s %j, says where, and leaves it alone', async (id, text, message) => {
    const { deps, start, host, read } = hostScene();
    const target = host(id, text);
    await expect(installInto(target, { ...plain, start }, deps)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(message),
    });
    expect(read(target.file)).toBe(text);
    expect(readdirSync(dirname(target.file))).toHaveLength(1);
  });

  it('leaves bytes alone that are no UTF-8', async () => {
    const { deps, start, host } = hostScene();
    const target = host('cursor', '');
    const bytes = Buffer.from([0x7b, 0xff, 0x7d]);
    writeFileSync(target.file, bytes);
    await expect(installInto(target, { ...plain, start }, deps)).rejects.toThrow(/is not UTF-8/);
    expect(readFileSync(target.file)).toEqual(bytes);
  });

  it('replaces another entry of the name only by force, keeps what was added to its own, and gives back what was there', async () => {
    const { deps, start, host, read } = hostScene();
    const text = JSON.stringify(
      { mcpServers: { portico: { command: 'portico', disabled: true, env: { A: '1' } } } },
      null,
      2,
    );
    const target = host('cursor', text);
    expect(await installInto(target, { ...plain, start }, deps)).toMatchObject({ kind: 'different', isGateway: true });
    expect(read(target.file)).toBe(text);
    await installInto(target, { ...plain, start, force: true }, deps);
    expect(JSON.parse(read(target.file)).mcpServers.portico).toEqual({
      command: start.command,
      args: start.args,
      disabled: true,
      env: { A: '1' },
    });
    expect(await installInto(target, { ...plain, start }, deps)).toMatchObject({ kind: 'unchanged' });
    await uninstallFrom(target, plain, deps);
    expect(read(target.file)).toBe(text);
  });

  it('does not take out an entry that is something else', async () => {
    const { deps, host } = hostScene();
    const target = host('cursor', { mcpServers: { portico: { command: 'other' } } });
    await expect(uninstallFrom(target, plain, deps)).rejects.toThrow(/does not start this gateway/);
    const none = host('zed', '{}');
    expect(await uninstallFrom(none, plain, deps)).toMatchObject({ kind: 'absent' });
  });

  it('changes nothing in a rehearsal', async () => {
    const { deps, start, host, read } = hostScene();
    const target = host('zed', '{}');
    const outcome = await installInto(target, { ...plain, start, dryRun: true }, deps);
    expect(outcome).toMatchObject({ edit: { after: expect.stringContaining('context_servers') } });
    expect([read(target.file), readdirSync(dirname(target.file)).length]).toEqual(['{}', 1]);
    expect(await createChangeRecords(deps.dataDir).read(target.file)).toEqual([]);
  });

  it('does not write over what the host wrote at the same moment', async () => {
    const { host, read, write } = hostScene();
    const { file } = host('claude-code', '{}');
    const before = await readHostFile(file);
    write(file, '{"a":1}');
    await expect(writeHostFile(file, before, '{"b":1}')).rejects.toThrow(/changed by another program/);
    expect(read(file)).toBe('{"a":1}');
  });
});

describe('the hosts of a machine', () => {
  it('are those whose folder or file is there, with what they say', async () => {
    const { deps, host } = hostScene();
    host('cursor', { mcpServers: { portico: { command: 'portico' }, b: { command: 'x' } } });
    host('codex', 'broken = ');
    mkdirSync(join(deps.home, '.gemini'));
    const found = await findInstalledHosts(deps);
    expect(found.map(({ id, state, entries, otherServers }) => ({ id, state, entries, otherServers }))).toEqual([
      { id: 'cursor', state: 'installed', entries: ['portico'], otherServers: 1 },
      { id: 'codex', state: 'unreadable', entries: [], otherServers: 0 },
      { id: 'gemini-cli', state: 'not installed', entries: [], otherServers: 0 },
    ]);
  });

  it('are asked for by name', async () => {
    const { deps } = hostScene();
    expect(() => hostIdOf('cursr')).toThrow(/did you mean cursor/);
    await expect(hostTarget('zed', deps, { evenIfAbsent: false })).rejects.toThrow(/Zed is not here/);
    await expect(hostTarget('windsurf', deps, { project: '/p', evenIfAbsent: false })).rejects.toThrow(
      /no config for one project/,
    );
  });
});
