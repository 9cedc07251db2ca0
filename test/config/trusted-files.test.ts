// Owns the tests of the record of trusted files, and of what a file is said to start.
import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { serverPlans, summaryOfPlans } from '../../src/config/server-plan.ts';
import { createTrustedFiles } from '../../src/config/trusted-files.ts';
import { temporaryDirectory } from './write-config.ts';

const one = Buffer.from('{"mcpServers": {}}');
const two = Buffer.from('{"mcpServers": {} }');

test('H58: what was agreed to is the content at its place: a change, a copy and a link to it are not', async () => {
  const root = await temporaryDirectory();
  const record = join(root, 'data', 'trusted.json');
  const trusted = createTrustedFiles({ now: () => 0 }, record);
  for (const name of ['project', 'other']) await mkdir(join(root, name));
  const file = join(root, 'project', '.mcp.json');
  await writeFile(file, one);
  expect(await trusted.judge(file, one)).toBe('unknown');
  await trusted.add(file, one);
  expect(await trusted.judge(file, one)).toBe('trusted');
  expect(await trusted.judge(file, two)).toBe('changed');
  // Relative commands in it would be those of the other directory.
  const link = join(root, 'other', '.mcp.json');
  await symlink(file, link);
  expect(await trusted.judge(link, one)).toBe('unknown');
  // The same directory by another name is the same directory.
  await symlink(join(root, 'project'), join(root, 'alias'));
  expect(await trusted.judge(join(root, 'alias', '.mcp.json'), one)).toBe('trusted');
  expect(await trusted.remove(file)).toBe(true);
  expect(await trusted.remove(file)).toBe(false);
  expect(await trusted.judge(file, one)).toBe('unknown');
});

test('H58: the record is private, keeps what others added, and trusts nothing where it is spoiled', async () => {
  const root = await temporaryDirectory();
  const record = join(root, 'data', 'trusted.json');
  const trusted = createTrustedFiles({ now: () => 0 }, record);
  await Promise.all(['a', 'b', 'c'].map((name) => trusted.add(join(root, name), one)));
  for (const name of ['a', 'b', 'c']) expect(await trusted.judge(join(root, name), one)).toBe('trusted');
  if (process.platform !== 'win32') expect((await stat(record)).mode & 0o777).toBe(0o600);
  expect(JSON.parse(await readFile(record, 'utf8'))).toMatchObject({ version: 1, files: expect.any(Object) });
  for (const spoiled of ['{"files": {"', '[]', '{"files": {"x": 1}}', '']) {
    await writeFile(record, spoiled);
    expect(await trusted.judge(join(root, 'a'), one)).toBe('unknown');
  }
});

test('H58: what a file would start is told with its variables unexpanded, without secrets, and bounded', () => {
  const plans = serverPlans({
    mcpServers: {
      run: {
        command: './a b.sh',
        args: ['--token=canary-in-args', `\${HOME}/x`, '\u001b[2J', 7],
        env: { KEY: 'canary-in-env' },
        cwd: '..',
      },
      web: { url: `https://\${HOST}/mcp`, headers: { Authorization: 'canary-in-header' } },
      odd: 'nothing',
    },
    servers: { run: { command: 'second' }, more: { command: 'x'.repeat(5000) } },
  });
  expect(plans.slice(0, 3)).toEqual([
    {
      name: 'run',
      starts: `"./a b.sh" --token=[redacted] \${HOME}/x \ufffd[2J 7`,
      env: ['KEY'],
      headers: [],
      cwd: '..',
    },
    { name: 'web', starts: `https://\${HOST}/mcp`, env: [], headers: ['Authorization'] },
    { name: 'odd', starts: 'neither a command nor a URL', env: [], headers: [] },
  ]);
  expect(plans[3]?.starts).toMatch(/^x{4000}… \(1000 more characters\)$/);
  expect(JSON.stringify(plans)).not.toContain('canary');
  const many = Array.from({ length: 300 }, (_, number) => [`s${number}`, { command: 'y'.repeat(400) }]);
  expect(summaryOfPlans(serverPlans({ mcpServers: Object.fromEntries(many) })).length).toBeLessThan(1600);
  expect(serverPlans(null)).toEqual([]);
});
