// Owns the tests of where the two config files are looked for.
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findRulesFile, findServersFile } from '../../src/config/find-files.ts';
import { temporaryDirectory } from './write-config.ts';

async function places(files: readonly string[]): Promise<{ cwd: string; configDir: string; root: string }> {
  const root = await temporaryDirectory();
  for (const directory of ['cwd', 'config', 'other']) await mkdir(join(root, directory));
  for (const file of files) await writeFile(join(root, file), '{}');
  return { root, cwd: join(root, 'cwd'), configDir: join(root, 'config') };
}

describe('the config file is', () => {
  const all = ['cwd/.mcp.json', 'config/mcp.json'];
  test.each<
    [string, string | undefined, Record<string, string>, string[], { path: string; origin: string } | undefined]
  >([
    ['the one of the flag', 'f.json', { GATEWAY_MCP_CONFIG: 'e.json' }, all, { path: 'cwd/f.json', origin: 'flag' }],
    [
      'the one of the environment',
      undefined,
      { GATEWAY_MCP_CONFIG: '../other/e.json' },
      all,
      { path: 'other/e.json', origin: 'environment' },
    ],
    [
      'the one of the environment, below the home directory',
      undefined,
      { GATEWAY_MCP_CONFIG: '~/e.json', HOME: '/home/ann', USERPROFILE: '/home/ann' },
      all,
      { path: '/home/ann/e.json', origin: 'environment' },
    ],
    [
      'the one of the working directory',
      undefined,
      { GATEWAY_MCP_CONFIG: '' },
      all,
      { path: 'cwd/.mcp.json', origin: 'working directory' },
    ],
    ['the one of the user', undefined, {}, ['config/mcp.json'], { path: 'config/mcp.json', origin: 'user config' }],
    ['none', undefined, {}, [], undefined],
  ])('%s', async (_, flag, env, files, expected) => {
    const { root, cwd, configDir } = await places(files);
    const found = await findServersFile({ flag, env, cwd, configDir });
    expect(found).toEqual(expected && { ...expected, path: resolve(root, expected.path) });
  });
});

describe('the rules file is', () => {
  const all = [
    'other/gateway-rules.json',
    'other/.mcp-gateway-rules.json',
    'config/gateway-rules.json',
    'cwd/gateway-rules.json',
  ];
  test.each<
    [string, string | undefined, Record<string, string>, string[], { path: string; origin: string } | undefined]
  >([
    ['the one of the flag', 'f.json', { GATEWAY_RULES: 'e.json' }, all, { path: 'cwd/f.json', origin: 'flag' }],
    [
      'the one of the environment',
      undefined,
      { GATEWAY_RULES: 'e.json' },
      all,
      { path: 'cwd/e.json', origin: 'environment' },
    ],
    ['beside the config file', undefined, {}, all, { path: 'other/gateway-rules.json', origin: 'beside the config' }],
    [
      'its second name beside the config file',
      undefined,
      {},
      all.slice(1),
      { path: 'other/.mcp-gateway-rules.json', origin: 'beside the config' },
    ],
    ['the one of the user', undefined, {}, all.slice(2), { path: 'config/gateway-rules.json', origin: 'user config' }],
    ['never one of the working directory', undefined, {}, all.slice(3), undefined],
  ])('%s', async (_, flag, env, files, expected) => {
    const { root, cwd, configDir } = await places(files);
    const found = await findRulesFile({ flag, env, cwd, configDir, serversFile: join(root, 'other/.mcp.json') });
    expect(found).toEqual(expected && { ...expected, path: join(root, expected.path) });
  });
});

test.skipIf(process.platform === 'win32')(
  'a rules file that is a link to nowhere is found, and does not become no rules',
  async () => {
    const { root, cwd, configDir } = await places([]);
    await symlink(join(root, 'gone.json'), join(root, 'other/gateway-rules.json'));
    const found = await findRulesFile({ env: {}, cwd, configDir, serversFile: join(root, 'other/.mcp.json') });
    expect(found?.path).toBe(join(root, 'other/gateway-rules.json'));
  },
);
