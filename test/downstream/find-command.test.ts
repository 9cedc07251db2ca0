// Tests of src/downstream/find-command.ts and file-look.ts.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findCommand } from '../../src/downstream/find-command.ts';
import type { ShellAnswer } from '../../src/downstream/login-shell.ts';
import { fileTree } from './file-tree.ts';
import { execPath, stdioEntry } from './surroundings.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'find-command-'));
  await writeFile(join(directory, 'tool'), '#!/bin/sh\n', { mode: 0o755 });
  await writeFile(join(directory, 'plain'), 'text');
  await chmod(join(directory, 'plain'), 0o644);
});
afterAll(() => rm(directory, { recursive: true }));

const around = (PATH: string) => ({ env: { PATH }, execPath, platform: 'linux' as const });

describe('finding the command of a stdio server', () => {
  it('looks on the PATH of the gateway', async () => {
    const found = await findCommand(stdioEntry({ command: 'tool' }), around(`/nowhere:${directory}`));
    expect(found).toMatchObject({ file: join(directory, 'tool'), source: 'PATH' });
  });

  it('looks first on the PATH of the entry', async () => {
    const entry = stdioEntry({ command: 'tool', env: { PATH: directory } });
    expect((await findCommand(entry, around('/nowhere'))).path.split(':')[0]).toBe(directory);
  });

  it('E40: looks beside the running node, and puts that directory on the PATH of the child', async () => {
    const found = await findCommand(stdioEntry({ command: 'node' }), around('/nowhere'));
    const path = `${dirname(execPath)}:/nowhere`;
    expect(found).toEqual({ file: join(dirname(execPath), 'node'), path, source: 'beside node' });
  });

  it('takes a relative path, and relative directories on PATH, from the working directory of the entry', async () => {
    for (const command of ['./tool', 'tool']) {
      const found = await findCommand(stdioEntry({ command, cwd: directory }), around('.'));
      expect(found.file).toBe(join(directory, 'tool'));
    }
  });

  it.each([
    ['lists where it looked', { command: 'no-such-tool' }, '/nowhere, '],
    ['names a file that is not there', { command: '/nowhere/tool' }, "there is no file '/nowhere/tool'"],
    ['names a working directory that is not there', { cwd: '/nowhere' }, "working directory '/nowhere'"],
  ])('%s', async (_, entry, text) => {
    const found = findCommand(stdioEntry(entry), around('/nowhere'));
    await expect(found).rejects.toMatchObject({ code: 'SERVER_UNAVAILABLE', message: expect.stringContaining(text) });
  });

  it('names a file that may not be executed, and what to do', async () => {
    const found = findCommand(stdioEntry({ command: 'plain' }), around(directory));
    await expect(found).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: expect.stringContaining(`'${join(directory, 'plain')}' is not an executable file`),
      hint: expect.stringContaining('chmod +x'),
    });
  });
});

const npx = stdioEntry({ command: 'npx' });
const desktop = { PATH: '/usr/bin:/bin', HOME: '/home/a' };

function search(files: Record<string, string>, shell: ShellAnswer = { kind: 'not asked' }, entry = npx) {
  let asked = 0;
  const loginShell = {
    ask: async () => {
      asked++;
      return shell;
    },
  };
  const found = findCommand(entry, {
    env: desktop,
    execPath: '/Applications/Host.app/node',
    platform: 'darwin',
    loginShell,
    files: fileTree(files),
  });
  return { found, asked: () => asked };
}

const told: ShellAnswer = { kind: 'told', shell: '/bin/zsh', directories: ['/shell/first', '/shell/second', '/bin'] };

describe('E40: finding a command that a desktop app does not have on PATH', () => {
  it('does not ask the shell where the command is on PATH', async () => {
    const { found, asked } = search({ '/bin/npx': 'program', '/shell/first/npx': 'program' }, told);
    expect(await found).toMatchObject({ file: '/bin/npx', source: 'PATH' });
    expect(asked()).toBe(0);
  });

  it('takes it from the PATH of the login shell, and the child gets that PATH first', async () => {
    const { found, asked } = search({ '/shell/second/npx': 'program', '/usr/bin/node': 'program' }, told);
    expect(await found).toEqual({
      file: '/shell/second/npx',
      path: '/shell/first:/shell/second:/bin:/usr/bin:/Applications/Host.app',
      source: 'login shell',
    });
    expect(asked()).toBe(1);
  });

  it('takes it from where installers put it, and the child finds the node beside it before an older one', async () => {
    const bin = '/home/a/.nvm/versions/node/v22.1.0/bin';
    const files = { [`${bin}/npx`]: 'program', [`${bin}/node`]: 'program', '/home/a/.local/bin/uvx': 'program' };
    expect(await search(files, told).found).toEqual({
      file: `${bin}/npx`,
      path: `${bin}:/shell/first:/shell/second:/bin:/usr/bin:/Applications/Host.app:/home/a/.local/bin`,
      source: 'usual place',
    });
  });

  it('leaves the PATH of the entry before all of it', async () => {
    const entry = stdioEntry({ command: 'npx', env: { PATH: '/mine' } });
    const { path } = await search({ '/opt/homebrew/bin/npx': 'program' }, told, entry).found;
    expect(path.split(':').slice(0, 2)).toEqual(['/mine', '/opt/homebrew/bin']);
  });

  it('lets an absolute path, as the hint asks for, find the node beside it', async () => {
    const bin = '/home/a/.nvm/versions/node/v22.1.0/bin';
    const entry = stdioEntry({ command: `${bin}/npx` });
    const files = { [`${bin}/npx`]: 'program', [`${bin}/node`]: 'program', '/work/run': 'program' };
    expect((await search(files, told, entry).found).path.split(':')[0]).toBe(bin);
    const other = search(files, told, stdioEntry({ command: '/work/run' }));
    expect((await other.found).path).toBe('/usr/bin:/bin:/Applications/Host.app');
    expect(other.asked()).toBe(0);
  });

  it('says in which directories it looked, why the shell said nothing, and what to write', async () => {
    const silent: ShellAnswer = { kind: 'silent', shell: '/bin/zsh', reason: 'it took longer than 3000 ms' };
    await expect(search({ '/home/a/.volta/bin/node': 'program' }, silent).found).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message:
        "server 'one' cannot be started: command 'npx' was not found in: /usr/bin, /bin, /Applications/Host.app, " +
        '~/.volta/bin; the login shell /bin/zsh did not tell its PATH: it took longer than 3000 ms',
      hint: 'write the absolute path as "command"; a terminal shows it with: command -v npx',
    });
  });

  it('names at most 20 directories', async () => {
    const directories = Array.from({ length: 30 }, (_, index) => `/d${index}`);
    const { found } = search({}, { kind: 'told', shell: '/bin/sh', directories });
    await expect(found).rejects.toThrow(/\/d15, \/d16 and 13 more$/);
  });
});

describe('E41: finding a command on Windows', () => {
  const find = (command: string, files: Record<string, string>, more: Record<string, string> = {}) =>
    findCommand(stdioEntry({ command }), {
      env: { Path: 'C:\\Windows;"D:\\My Tools"', PATHEXT: '.COM;.EXE;.BAT;.CMD;.JS', APPDATA: 'C:\\A', ...more },
      execPath: 'C:\\Host\\node.exe',
      platform: 'win32',
      files: fileTree(files, '\\'),
    });

  it('adds the extensions of PATHEXT in their order, in each directory of Path', async () => {
    // The first is a shell script for other systems, which Node installs too.
    const files = { 'D:\\My Tools\\npx': 'program', 'D:\\My Tools\\npx.CMD': 'program' };
    expect(await find('npx', files)).toEqual({
      file: 'D:\\My Tools\\npx.CMD',
      path: 'C:\\Windows;D:\\My Tools;C:\\Host',
      source: 'PATH',
    });
    expect((await find('npx', { ...files, 'D:\\My Tools\\npx.EXE': 'program' })).file).toMatch(/EXE$/);
  });

  it('looks where installers put programs', async () => {
    expect(await find('npx', { 'C:\\A\\npm\\npx.CMD': 'program' })).toMatchObject({
      file: 'C:\\A\\npm\\npx.CMD',
      path: 'C:\\A\\npm;C:\\Windows;D:\\My Tools;C:\\Host',
      source: 'usual place',
    });
  });

  it.each([
    ['D:\\x\\run', { 'D:\\x\\run.EXE': 'program' }, 'D:\\x\\run.EXE'],
    ['D:/x/run.cmd', { 'D:\\x\\run.cmd': 'program' }, 'D:\\x\\run.cmd'],
  ])('takes %s as the path of a file', async (command, files, file) => {
    expect(await find(command, files)).toMatchObject({ file, source: 'file name' });
  });

  it('says of a script what starts it, because Windows does not', async () => {
    await expect(find('D:\\x\\server.js', { 'D:\\x\\server.js': 'program' })).rejects.toMatchObject({
      message: expect.stringContaining("'D:\\x\\server.js' is no program for Windows"),
      hint: expect.stringContaining('node or python'),
    });
  });

  it('says how a terminal there shows the path', async () => {
    await expect(find('npx', {})).rejects.toMatchObject({
      message: expect.stringContaining('C:\\Windows, D:\\My Tools, C:\\Host'),
      hint: expect.stringContaining('where npx'),
    });
  });
});
