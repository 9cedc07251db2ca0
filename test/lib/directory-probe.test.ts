import { spawnSync } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getuid } from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DirectoryFacts, judgeDirectory, probeDirectory } from '../../src/lib/directory-probe.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'portico-probe-'));
});
afterEach(() => rm(directory, { recursive: true }));

const onPosix = it.skipIf(process.platform === 'win32');

describe('a directory is tried', () => {
  it('by a file that is gone afterwards; it is made where that is wanted, and only there', async () => {
    const path = join(directory, 'a', 'b');
    expect(await probeDirectory(path, { create: false })).toEqual({ path });
    expect(await readdir(directory)).toEqual([]);
    expect(await probeDirectory(path, { create: true })).toEqual({ path });
    expect(await readdir(path)).toEqual([]);
    if (process.platform !== 'win32') expect((await stat(path)).mode & 0o777).toBe(0o700);
    expect(await probeDirectory(path, { create: false })).toEqual({ path });
  });

  it.each([{ create: true }, { create: false }])(
    'and where a file stands in the way, that is said (%o)',
    async (options) => {
      const file = join(directory, 'file');
      await writeFile(file, '');
      const path = join(file, 'tokens');
      const facts = await probeDirectory(path, options);
      expect(facts).toMatchObject({ path, code: 'ENOTDIR', nearest: { path: file, isDirectory: false } });
      expect(judgeDirectory(facts, 'linux')?.command).toBe(`mv ${file} ${file}.moved`);
    },
  );

  /** As the user that the tests run as, or as nobody where that is root, whom nothing stops. */
  async function probeAsNobody(path: string): Promise<DirectoryFacts> {
    if (getuid?.() !== 0) return await probeDirectory(path, { create: true });
    const source = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);
    const program = `
      import { probeDirectory } from ${source('../../src/lib/directory-probe.ts')};
      process.setgid(65534);
      process.setuid(65534);
      console.log(JSON.stringify(await probeDirectory(${JSON.stringify(path)}, { create: true })));
    `;
    const loader = new URL('../auth/typescript-loader.mjs', import.meta.url).href;
    const args = ['--import', loader, '--input-type=module', '-e', program];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  }

  onPosix('C24: as the user that cannot write there, with owner and mode, and the command mends it', async () => {
    const uid = getuid?.() === 0 ? 65534 : getuid?.();
    const path = join(directory, 'tokens');
    await chmod(directory, 0o755);
    await mkdir(path);
    if (getuid?.() === 0) await chown(path, 65534, 65534);
    await chmod(path, 0o500);
    const facts = await probeAsNobody(path);
    expect(facts).toMatchObject({ path, code: 'EACCES', uid, nearest: { path, uid, mode: 0o500 } });
    const finding = judgeDirectory(facts, 'linux');
    expect(finding).toMatchObject({ command: `chmod u+rwx ${path}` });
    expect(finding?.summary).toMatch(/cannot be written by uid \d+:\d+: .*\(EACCES; owner \d+:\d+, mode 0500\)$/);
    spawnSync('sh', ['-c', finding?.command ?? '']);
    expect(await probeAsNobody(path)).toEqual({ path });
  });
});

describe('what mends a directory', () => {
  const nearest = { path: '/data/logins', uid: 0, gid: 0, mode: 0o755, isDirectory: true };
  const facts: DirectoryFacts = {
    path: '/data/logins',
    code: 'EACCES',
    uid: 1000,
    gid: 1001,
    nearest,
    mountPoint: '/data',
    inContainer: false,
  };
  const own = { ...nearest, uid: 1000, gid: 1001 };

  const rows: readonly [string, Partial<DirectoryFacts>, RegExp, string | undefined, RegExp?][] = [
    ['it belongs to another user', {}, /permission denied/, 'sudo chown -R 1000:1001 /data/logins'],
    [
      'its name needs quotes',
      { path: "/data/it's $HOME", nearest: { ...nearest, path: "/data/it's $HOME" } },
      /it's/,
      "sudo chown -R 1000:1001 '/data/it'\\''s $HOME'",
    ],
    [
      'it cannot be made',
      { nearest: { ...nearest, path: '/data' } },
      /; \/data: owner 0:0, mode 0755\)/,
      'sudo install -d -m 700 -o 1000 -g 1001 /data/logins',
    ],
    [
      'it belongs to another user, in a container',
      { inContainer: true, nearest: { ...nearest, uid: 501, gid: 20 } },
      /owner 501:20/,
      'docker run --user 501:20 …',
      /on the host: sudo chown -R 1000:1001 HOST_DIRECTORY/,
    ],
    [
      'it belongs to root, in a container',
      { inContainer: true },
      /owner 0:0/,
      'sudo chown -R 1000:1001 HOST_DIRECTORY',
      /what is mounted at \/data\/logins to this user, on the host/,
    ],
    [
      'it cannot be made on a volume of root, in a container',
      { inContainer: true, mountPoint: '/data', nearest: { ...nearest, path: '/data' } },
      /; \/data: owner 0:0/,
      'sudo chown -R 1000:1001 HOST_DIRECTORY',
      /what is mounted at \/data to this user/,
    ],
    [
      'it cannot be made in a container',
      { inContainer: true, mountPoint: '/', nearest: { ...nearest, path: '/data' } },
      /owner 0:0/,
      'docker run -v HOST_DIRECTORY:/data/logins …',
      /belongs to 1000:1001/,
    ],
    ['it is closed to its owner', { nearest: { ...own, mode: 0o500 } }, /mode 0500/, 'chmod u+rwx /data/logins'],
    [
      'owner and mode are fine',
      { nearest: { ...own, mode: 0o700 }, inContainer: true },
      /mode 0700/,
      'ls -ldZ /data/logins',
      /SELinux.*HOST_DIRECTORY:\/data\/logins:Z/,
    ],
    ['it is mounted read-only', { code: 'EROFS' }, /read-only/, 'sudo mount -o remount,rw /data'],
    [
      'it is mounted read-only into a container',
      { code: 'EROFS', inContainer: true },
      /read-only \(EROFS; owner 0:0, mode 0755\)/,
      undefined,
      /without `:ro`.*docker run -v HOST_DIRECTORY:\/data\/logins/,
    ],
    ['the disk is full', { code: 'ENOSPC' }, /no space left/, 'df -h /data/logins'],
    ['anything else', { code: 'EIO' }, /it failed \(EIO/, undefined],
  ];

  it.each(rows)('C24: where %s', (_, change, summary, command, fix = /./) => {
    const finding = judgeDirectory({ ...facts, ...change }, 'linux');
    expect(finding?.summary).toMatch(summary);
    expect(finding?.summary).toContain(`${{ ...facts, ...change }.path} cannot be written by uid 1000:1001`);
    expect(finding?.command).toBe(command);
    expect(finding?.fix).toMatch(fix);
  });

  it('C24: on Windows, where there are no numbers of users', () => {
    const { uid: _uid, gid: _gid, ...rest } = facts;
    expect(judgeDirectory({ ...rest, code: 'EPERM' }, 'win32')).toMatchObject({
      summary: expect.stringMatching(/^\/data\/logins cannot be written: /),
      command: 'icacls "/data/logins" /grant "%USERNAME%:(OI)(CI)F"',
    });
  });

  it('is nothing where it can be written', () => {
    expect(judgeDirectory({ path: '/data/logins' }, 'linux')).toBeUndefined();
  });
});
