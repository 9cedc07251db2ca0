// Tests of src/reload-wiring.ts: a whole gateway in this process, whose config files change.
import { mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { type Composition, compose } from '../src/compose.ts';
import { resolveSettings } from '../src/settings.ts';
import { env, execPath, type LogLine, recordingLog } from './downstream/surroundings.ts';
import { host } from './gateway/scene.ts';
import { fixtureServer } from './helpers/programs.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Scene {
  readonly composition: Composition;
  readonly lines: readonly LogLine[];
  readonly rulesFile: string;
  write(servers: object): void;
  text(server: string, tool: string, args?: object): Promise<string>;
  names(): Promise<string[]>;
}

async function scene(content: string): Promise<Scene> {
  const directory = mkdtempSync(join(tmpdir(), 'portico-reload-'));
  ends.push(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'mcp.json');
  writeFileSync(file, content);
  const { log, lines } = recordingLog();
  const own = {
    ...env,
    HOME: directory,
    XDG_CONFIG_HOME: join(directory, 'config'),
    XDG_CACHE_HOME: join(directory, 'cache'),
    GATEWAY_TOKEN_DIR: join(directory, 'tokens'),
    GATEWAY_AUDIT_LOG: 'off',
    GATEWAY_BROWSER: 'none',
  };
  const deps = { env: own, cwd: directory, platform: process.platform, execPath, version: '0.0.0', log, now: Date.now };
  const composition = await compose(deps, resolveSettings({ config: file }, own), { isServing: true });
  ends.push(() => composition.close());
  const { gateway } = composition;
  return {
    composition,
    lines,
    rulesFile: join(directory, 'gateway-rules.json'),
    write: (servers) => writeFileSync(file, JSON.stringify({ mcpServers: servers })),
    async text(server, tool, args = {}) {
      const result = await gateway.executeTool({ server, tool, args, whole: true }, host());
      return (result as { content: { text: string }[] }).content[0]?.text ?? '';
    },
    names: async () => (await gateway.listServers({ includeMetadata: false }, host())).servers.map(({ name }) => name),
  };
}

const echo = fixtureServer('echo');
const config = (servers: object): string => JSON.stringify({ mcpServers: servers });

it('G52: 64 callers on one server do not notice that another is added, changed and removed 200 times', async () => {
  const { composition, write, text } = await scene(config({ first: echo }));
  const pid = await text('first', 'pid');
  let isDone = false;
  let calls = 0;
  const caller = async (): Promise<void> => {
    while (!isDone) {
      // Most of the time every call is on its way.
      await text('first', 'slow', { ms: 200 });
      expect(await text('first', 'pid')).toBe(pid);
      calls++;
    }
  };
  const callers = Array.from({ length: 64 }, caller);
  const changing = async (): Promise<void> => {
    const changed = { ...echo, env: { ROUND: '2' } };
    for (let round = 1; round <= 200; round++) {
      write({ first: echo, [`other-${round}`]: echo, [`other-${round - 1}`]: changed });
      await composition.reload();
      // Most of the time they are not even started; now and then one runs when it is changed, and when it is removed.
      if (round % 100 < 2) await Promise.all([text(`other-${round}`, 'pid'), text(`other-${round - 1}`, 'pid')]);
    }
    isDone = true;
  };
  await Promise.all([changing(), ...callers]);
  expect(calls).toBeGreaterThan(200);
  expect(composition.source.reloads.at(-1)).toMatchObject({
    added: ['other-200'],
    changed: ['other-199'],
    removed: ['other-198'],
  });
}, 60_000);

it('G52: everybody who asks for a reload while one runs gets what the files say afterwards', async () => {
  const { composition, write, names } = await scene(config({ a: echo }));
  const first = composition.reload();
  write({ b: echo });
  await Promise.all([first, composition.reload(), composition.reload()]);
  expect(await names()).toEqual(['b']);
});

it('begins to work when the first config that can be used comes, and says in the log what was wrong', async () => {
  const { composition, lines, write, names } = await scene('{ "mcpServers": { "a" } }');
  expect(lines).toMatchObject([
    { level: 'error', message: expect.stringMatching(/mcp\.json:1:\d+: is no valid JSON/) },
  ]);
  expect(composition.isUnusable).toBe(true);
  await expect(names()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  write({ a: echo });
  await composition.reload();
  expect(composition.isUnusable).toBe(false);
  expect(await names()).toEqual(['a']);
});

it('follows a rules file that comes, and keeps its rules when it goes', async () => {
  const { composition, names, rulesFile, write } = await scene(config({ a: echo, b: echo }));
  expect(await names()).toEqual(['a', 'b']);
  writeFileSync(rulesFile, JSON.stringify({ agents: { default: { allow: { servers: ['a', 'c'] } } } }));
  await composition.reload();
  expect(await names()).toEqual(['a']);
  unlinkSync(rulesFile);
  write({ a: echo, c: echo });
  await composition.reload();
  expect(await names()).toEqual(['a']);
  expect(composition.source.problem?.message).toContain('gateway-rules.json:1:1: the rules file is gone');
});
