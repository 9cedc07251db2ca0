import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isThere, readTextIfPresent, writePrivateJson } from '../../src/lib/json-file.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'portico-json-'));
});
afterEach(() => rm(directory, { recursive: true }));

const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);

describe('private JSON files', () => {
  it('are readable by their owner alone, and so is their directory', async () => {
    const path = join(directory, 'deep', 'a.json');
    await writePrivateJson(path, { a: 1 });
    expect(await modeOf(path)).toBe('600');
    expect(await modeOf(join(directory, 'deep'))).toBe('700');
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ a: 1 });
  });

  it('lose a mode that lets others read them with the next write', async () => {
    const open = join(directory, 'open');
    await mkdir(open, { mode: 0o755 });
    await writeFile(join(open, 'a.json'), '{}', { mode: 0o644 });
    await chmod(open, 0o755);
    await writePrivateJson(join(open, 'a.json'), {});
    expect(await modeOf(join(open, 'a.json'))).toBe('600');
    expect(await modeOf(open)).toBe('700');
  });

  it('are replaced whole by concurrent writers, and leave no other file behind', async () => {
    const path = join(directory, 'a.json');
    const values = Array.from({ length: 20 }, (_, index) => ({ index, filler: 'x'.repeat(10_000) }));
    await Promise.all(values.map((value) => writePrivateJson(path, value)));
    expect(values).toContainEqual(JSON.parse(await readFile(path, 'utf8')));
    expect(await readdir(directory)).toEqual(['a.json']);
  });

  it('that are not there are said to be not there; another failure is a failure', async () => {
    expect(await readTextIfPresent(join(directory, 'none'))).toBeUndefined();
    expect(await isThere(join(directory, 'none'))).toBe(false);
    await expect(readTextIfPresent(directory)).rejects.toThrow();
  });
});
