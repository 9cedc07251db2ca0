// Tests of src/downstream/find-command.ts.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findCommand } from '../../src/downstream/find-command.ts';
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
    expect(found.file).toBe(join(directory, 'tool'));
  });

  it('looks first on the PATH of the entry', async () => {
    const entry = stdioEntry({ command: 'tool', env: { PATH: directory } });
    expect((await findCommand(entry, around('/nowhere'))).path.split(':')[0]).toBe(directory);
  });

  it('looks beside the running node, and puts that directory on the PATH of the child', async () => {
    const found = await findCommand(stdioEntry({ command: 'node' }), around('/nowhere'));
    expect(found).toEqual({ file: join(dirname(execPath), 'node'), path: `/nowhere:${dirname(execPath)}` });
  });

  it('takes a relative path from the working directory of the entry', async () => {
    const found = await findCommand(stdioEntry({ command: './tool', cwd: directory }), around(''));
    expect(found.file).toBe(join(directory, 'tool'));
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
