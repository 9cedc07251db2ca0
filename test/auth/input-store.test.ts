// Values of inputs at rest: private, bound, and sealed as login files are.
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createInputStore } from '../../src/auth/input-store.ts';
import { createRecordSeal } from '../../src/auth/sealed-record.ts';
import { createFileLock } from '../../src/lib/file-lock.ts';
import { Secret } from '../../src/lib/secret.ts';

const place = { target: 't', id: 'token' };

async function scene() {
  const directory = await mkdtemp(join(tmpdir(), 'portico-inputs-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const path = join(directory, 'logins', 'inputs.json');
  const open = (key?: number) => {
    const seal =
      key === undefined
        ? undefined
        : createRecordSeal({ kind: 'key', bytes: Buffer.alloc(32, key), from: 'GATEWAY_TOKEN_KEY' });
    return createInputStore({ lock: createFileLock(), seal: async () => seal, now: () => 5000 }, { path });
  };
  return { path, open, text: () => readFile(path, 'utf8') };
}

const plain = (stored: readonly { target: string; id: string; value: Secret }[]) =>
  stored.map(({ target, id, value }) => [target, id, value.reveal()]);

test('C24: values are kept by target and id, for their owner alone, and forgotten one by one', async () => {
  const { path, open } = await scene();
  const store = open();
  expect(await store.read()).toEqual([]);
  await store.save([
    { ...place, value: new Secret('one') },
    { target: 'u', id: 'token', value: new Secret('two') },
  ]);
  await store.save([{ ...place, value: new Secret('three') }]);
  expect(plain(await open().read())).toEqual([
    ['u', 'token', 'two'],
    ['t', 'token', 'three'],
  ]);
  if (process.platform !== 'win32') expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await store.forget([place, { target: 'x', id: 'token' }])).toBe(1);
  expect(plain(await store.read())).toEqual([['u', 'token', 'two']]);
  expect(await store.forget([{ target: 'u', id: 'token' }])).toBe(1);
  await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('C24: with a key the file shows nothing; another key or none is an error, and leaves it as it is', async () => {
  const { open, text } = await scene();
  await open().save([{ ...place, value: new Secret('canary-plain') }]);
  await open(1).save([{ target: 'u', id: 'other', value: new Secret('canary-two') }]);
  const sealed = await text();
  expect(sealed).not.toMatch(/canary|other/);
  for (const wrong of [open(2), open()]) {
    const refused = { code: 'CONFIG_INVALID', message: expect.stringContaining('the file of inputs') };
    await expect(wrong.read()).rejects.toMatchObject(refused);
    await expect(wrong.save([{ ...place, value: new Secret('x') }])).rejects.toMatchObject(refused);
    await expect(wrong.forget([place])).rejects.toMatchObject(refused);
  }
  expect(await text()).toBe(sealed);
  expect(plain(await open(1).read())).toEqual([
    ['t', 'token', 'canary-plain'],
    ['u', 'other', 'canary-two'],
  ]);
});

test('a file that is not understood is no empty one; what a newer version wrote is kept', async () => {
  const { path, open, text } = await scene();
  await open().save([{ ...place, value: new Secret('v') }]);
  const newer = { version: 2, more: 1, values: [{ ...place, value: 'v', hint: 'h' }] };
  await writeFile(path, JSON.stringify(newer));
  await open().save([{ target: 'u', id: 'a', value: new Secret('w') }]);
  expect(JSON.parse(await text())).toMatchObject({ version: 2, more: 1, values: [{ hint: 'h' }, { value: 'w' }] });
  for (const damaged of ['', '{}', '{"version":1,"values":[{"target":"canary"}]}']) {
    await writeFile(path, damaged);
    await expect(open().read()).rejects.toThrow(/cannot be used/);
    await expect(open().read()).rejects.not.toThrow(/canary/);
  }
});
