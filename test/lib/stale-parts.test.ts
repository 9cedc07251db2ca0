// Tests of src/lib/stale-parts.ts.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { removeStaleParts } from '../../src/lib/stale-parts.ts';

const minute = 60_000;

it('removes what was left of writes long ago, and nothing else', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'portico-parts-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const now = Date.now();
  const put = (name: string, ageMs: number): void => {
    writeFileSync(join(directory, name), '{}');
    utimesSync(join(directory, name), new Date(), new Date(now - ageMs));
  };
  const key = '0123456789abcdef0123456789abcdef';
  put(`${key}.json`, 600 * minute);
  put(`${key}.login.json`, 600 * minute);
  put(`${key}.json.1504189990`, 11 * minute);
  put(`${key}.login.json.7`, 11 * minute);
  put('.probe-3f2504e0-4f89-41d3-9a0c-0305e82c3301', 11 * minute);
  put(`${key}.json.4262640505`, 9 * minute);
  put(`${key}.json.bak`, 600 * minute);
  mkdirSync(join(directory, `${key}.json.12`));
  await removeStaleParts(directory, () => now);
  expect(readdirSync(directory).sort()).toEqual([
    `${key}.json`,
    `${key}.json.12`,
    `${key}.json.4262640505`,
    `${key}.json.bak`,
    `${key}.login.json`,
  ]);
});

it('takes a directory that is not there for an empty one', async () => {
  await expect(removeStaleParts(join(tmpdir(), 'portico-no-such-directory'), Date.now)).resolves.toBeUndefined();
});
