// Owns the tests of the file that holds what was agreed to.
import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { platform } from 'node:process';
import { afterEach, describe, expect, test } from 'vitest';
import { createPinFile } from '../../src/downstream/pin-file.ts';
import { stdioEntry } from './surroundings.ts';

const parent = mkdtempSync(join(tmpdir(), 'portico-pins-'));
const directory = join(parent, 'pins');
const now = () => Date.UTC(2026, 0, 1);
const open = (args: readonly string[] = []) => createPinFile({ directory, now }, stdioEntry({ name: 'notes', args }));
const tool = (name: string, ...fingerprints: string[]) => ({ name, fingerprints, definition: { name } });
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('H58: what was agreed to', () => {
  test('is one private file for each server, which another command does not share', async () => {
    const file = open();
    expect([await file.stamp(), await file.read()]).toEqual([undefined, undefined]);
    await file.writeFirst([tool('read', 'aa'), tool('__proto__', 'bb')]);
    expect(await file.read()).toEqual([tool('read', 'aa'), tool('__proto__', 'bb')]);
    expect(await open(['--other']).read()).toBeUndefined();
    expect(readdirSync(directory).map((name) => join(directory, name))).toEqual([file.path]);
    if (platform !== 'win32') expect(statSync(file.path).mode & 0o777).toBe(0o600);
  });

  test('first is what the first of several processes saw, and none of them spoils it', async () => {
    const files = Array.from({ length: 4 }, () => open());
    await Promise.all(files.map((file, index) => file.writeFirst([tool('read', String(index))])));
    const [first] = (await open().read()) ?? [];
    await open().writeFirst([tool('read', 'later')]);
    expect(await open().read()).toEqual([first]);
  });

  test('grows by what is agreed to later; older versions stay good, up to twenty', async () => {
    const file = open();
    await file.writeFirst([tool('read', 'a0'), tool('gone', 'g')]);
    const before = await file.stamp();
    for (let round = 1; round <= 20; round++) await file.add([tool('read', `a${round}`), tool('new', 'n')]);
    await file.add([tool('read', 'a1')]);
    const [read, ...others] = (await file.read()) ?? [];
    expect(read?.fingerprints).toHaveLength(20);
    expect(read?.fingerprints.at(-1)).toBe('a1');
    expect(read?.fingerprints).not.toContain('a0');
    expect(others).toEqual([tool('gone', 'g'), tool('new', 'n')]);
    expect(await file.stamp()).not.toBe(before);
  });

  test('keeps the fingerprint alone of a definition that is nested too deep to be written', async () => {
    const deep = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`);
    await open().writeFirst([tool('read', 'aa'), { name: 'deep', fingerprints: ['bb'], definition: deep }]);
    expect(await open().read()).toEqual([tool('read', 'aa'), { name: 'deep', fingerprints: ['bb'] }]);
  });

  test.each(['', '{"version": 1', '{"version": 2, "tools": []}', '{"version": 1, "tools": [{"name": "read"}]}'])(
    'is not guessed from a file with %j; that file is replaced only by an agreement',
    async (text) => {
      const file = open();
      await file.writeFirst([]);
      writeFileSync(file.path, text);
      await expect(file.read()).rejects.toThrow();
      await file.writeFirst([tool('read', 'aa')]);
      expect(readFileSync(file.path, 'utf8')).toBe(text);
      await file.add([tool('read', 'aa')]);
      expect(await file.read()).toEqual([tool('read', 'aa')]);
    },
  );
});
