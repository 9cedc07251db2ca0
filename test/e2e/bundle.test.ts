// The bundle for Claude Desktop: made by its script, checked by its own tool, and started as an app starts it.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { getMcpConfigForManifest, type McpbManifestAny, unpackExtension } from '@anthropic-ai/mcpb';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { GatewayProcess } from '../helpers/gateway-process.ts';
import type { Home } from '../helpers/home.ts';
import { fixtureServer, root } from '../helpers/programs.ts';
import { Stage } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());

describe('the bundle', () => {
  let directory: string;
  let unpacked: string;
  let manifest: McpbManifestAny;
  let printed: string;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'portico bundle '));
    const file = join(directory, 'portico.mcpb');
    const env = { ...process.env, PORTICO_SKIP_BUILD: '1' };
    printed = execFileSync(execPath, [join(root, 'scripts', 'bundle.mjs'), file], { env, encoding: 'utf8' });
    unpacked = join(directory, 'unpacked');
    expect(await unpackExtension({ mcpbPath: file, outputDir: unpacked, silent: true })).toBe(true);
    manifest = JSON.parse(readFileSync(join(unpacked, 'manifest.json'), 'utf8'));
    // A dozen megabytes are copied, packed as small as they get, and unpacked.
  }, 120_000);
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  /** As the app does it: its own Node.js for `node`, the answers of the user for their placeholders. Some leave those of
   * settings that nobody filled in. */
  async function start(
    home: Home,
    userConfig: Record<string, string>,
    unfilled: 'empty' | 'left',
  ): Promise<GatewayProcess> {
    const asked = structuredClone(manifest);
    if (unfilled === 'left') for (const option of Object.values(asked.user_config ?? {})) delete option.default;
    const config = await getMcpConfigForManifest({
      manifest: asked,
      extensionPath: unpacked,
      systemDirs: {},
      userConfig,
      pathSeparator: '/',
    });
    expect(config?.command).toBe('node');
    const [main = '', ...args] = config?.args ?? [];
    const { GATEWAY_MCP_CONFIG: _config, GATEWAY_TOKEN_DIR: _tokens, ...kept } = home.env;
    const env = { ...kept, ...config?.env };
    const gateway = new GatewayProcess({ directory: home.directory, env }, { main, args });
    stage.own(() => gateway.stop());
    return gateway;
  }

  test('holds what runs on every system, and nothing of the development', () => {
    const files = readdirSync(unpacked, { recursive: true, encoding: 'utf8' });
    expect(files.filter((file) => /\.node$|\.bin\b|(?:^|[\\/])test[\\/]|\.(?:[cm]?ts|map)$/.test(file))).toEqual([]);
    const read = (name: string) => JSON.parse(readFileSync(join(root, name), 'utf8'));
    const { dependencies, devDependencies } = read('package.json');
    const { packages: locked } = read('package-lock.json');
    const packages = new Set(files.map((file) => /^node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)$/.exec(file)?.[1]));
    const names = [...packages].map((name) => name?.replaceAll('\\', '/'));
    expect(names).toEqual(expect.arrayContaining(Object.keys(dependencies)));
    // One that a dependency needs too is no more than that.
    const ofDevelopment = Object.keys(devDependencies).filter((name) => locked[`node_modules/${name}`].dev === true);
    expect(ofDevelopment).toContain('vitest');
    expect(ofDevelopment.filter((name) => names.includes(name))).toEqual([]);
    // Each part of somebody else's comes with its licence, and the whole stays small enough to be sent around.
    expect(files).toContain('LICENSE');
    expect(statSync(join(directory, 'portico.mcpb')).size).toBeLessThan(6 * 1024 * 1024);
    expect(printed).toMatch(/portico\.mcpb: \d+\.\d MB, \d+ packages/);
  });

  test('says in its manifest what the gateway says of itself', async () => {
    const home = stage.home();
    const gateway = await start(home, { config_file: home.configFile }, 'empty');
    const { serverInfo } = await gateway.initialize();
    expect(manifest).toMatchObject({ version: serverInfo.version, server: { type: 'node' } });
    const { tools } = await gateway.request('tools/list');
    const told = tools.map(({ name, description }: { name: string; description: string }) => ({ name, description }));
    expect(manifest.tools).toEqual(told);
  });

  test('starts servers and logs in where its user has filled in only some of the settings', async () => {
    const { server } = await stage.protectedPair();
    const servers = { crm: { url: server.url }, local: fixtureServer('echo') };
    const home = stage.home({ servers, browser: 'approves' });
    const tokens = join(home.directory, 'chosen');
    const gateway = await start(home, { config_file: home.configFile, token_dir: tokens }, 'left');
    await gateway.initialize();
    expect(await gateway.executeText('local', 'echo', { text: 'hi' })).toContain('hi');
    expect((await gateway.execute('crm', 'whoami')).structuredContent).toMatchObject({ subject: 'alice' });
    expect(readdirSync(tokens).filter((name) => /^[0-9a-f]{32}\.json$/.test(name))).toHaveLength(1);
    expect(gateway.stderr).not.toContain('user_config');
  });
});
