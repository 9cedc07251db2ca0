import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTokenPlace, openTokenStore } from '../src/token-store-wiring.ts';
import { noteLog, sampleRecord } from './auth/samples.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'portico-place-'));
});
afterEach(() => rm(home, { recursive: true }));

const passphrase = 'correct horse battery staple';

describe('the place of the logins', () => {
  it('seals with what GATEWAY_TOKEN_KEY says, and with the same key out of a file that is named from cwd', async () => {
    await writeFile(join(home, 'key'), `${passphrase}\n`, { mode: 0o600 });
    const [directory, log] = [join(home, 'logins'), noteLog()];
    const store = await openTokenStore({ env: { GATEWAY_TOKEN_KEY: passphrase }, log }, directory);
    await store.write('k1', sampleRecord());
    const env = { GATEWAY_TOKEN_KEY_FILE: 'key' };
    expect(await (await openTokenStore({ env, log, cwd: home }, directory)).read('k1')).toEqual(sampleRecord());
    const plain = await openTokenStore({ env: {}, log }, directory);
    await expect(plain.read('k1')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(log.lines).toEqual([]);
  });

  it('has no obstacle where it can be made, and is made by the report alone', async () => {
    const [directory, log] = [join(home, 'logins'), noteLog()];
    const place = createTokenPlace({ env: {}, log }, directory);
    expect(await place.obstacle()).toBeUndefined();
    expect(await readdir(home)).toEqual([]);
    await place.report();
    expect(await place.obstacle()).toBeUndefined();
    expect(await readdir(home)).toEqual(['logins']);
    expect(log.lines).toEqual([]);
  });

  it('C24: that cannot be written is one warning with path and command, shown until it is mended', async () => {
    const file = join(home, 'file');
    await writeFile(file, '');
    const [directory, log] = [join(file, 'logins'), noteLog()];
    const place = createTokenPlace({ env: {}, log, platform: 'linux' }, directory);
    await Promise.all([place.report(), place.report(), place.prepare()]);
    const says = expect.stringContaining(`logins cannot be saved: ${directory} cannot be written`);
    expect(log.lines).toEqual([
      { level: 'warn', details: expect.objectContaining({ fix: expect.any(String) }), message: says },
    ]);
    await expect(
      createTokenPlace({ env: {}, log, platform: 'linux' }, directory).requireWritable(),
    ).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: says,
    });
    expect(await place.obstacle()).toEqual(says);
    expect(await place.obstacle()).toContain(`mv ${file} ${file}.moved`);
    await rm(file);
    expect(await place.obstacle()).toBeUndefined();
    expect(log.lines).toHaveLength(1);
  });

  it.skipIf(process.platform === 'win32')(
    'C24: that cannot be made is shown once it was tried to make it, and not by looking alone',
    async () => {
      const [directory, log] = [join(home, 'link'), noteLog()];
      await symlink(join(home, 'not', 'mounted'), directory);
      const place = createTokenPlace({ env: {}, log, platform: 'linux' }, directory);
      expect(await place.obstacle()).toBeUndefined();
      await place.report();
      expect(await place.obstacle()).toContain('it is a link to what is not there');
      expect(log.lines).toHaveLength(1);
    },
  );

  it('C24: with a key that is none says so in the log, as an obstacle, and before a human logs in', async () => {
    const [directory, log] = [join(home, 'logins'), noteLog()];
    const place = createTokenPlace({ env: { GATEWAY_TOKEN_KEY: 'canary' }, log }, directory);
    await place.report();
    const says = expect.stringContaining('GATEWAY_TOKEN_KEY is shorter than 12 characters');
    expect(log.lines).toEqual([{ level: 'error', details: { directory }, message: says }]);
    expect(await place.obstacle()).toEqual(says);
    await expect(place.prepare()).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: says });
    const store = await place.openStore();
    await expect(store.write('k1', sampleRecord())).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    // A server that needs no login asks the store too, and must not fail for want of a key.
    expect(await store.read('k1')).toBeUndefined();
    expect(JSON.stringify(log.lines)).not.toContain('canary');
  });

  it('does not ask the keychain, and maybe a human, in passing', async () => {
    const [directory, log] = [join(home, 'logins'), noteLog()];
    const place = createTokenPlace({ env: { GATEWAY_TOKEN_KEY: 'keychain' }, log }, directory);
    await place.report();
    expect(await place.obstacle()).toBeUndefined();
    expect(log.lines).toEqual([]);
    // There is no package for it among those that are developed with.
    await expect(place.prepare()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
