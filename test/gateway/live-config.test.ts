// Tests of how the use cases follow the config in force (src/gateway/live-config.ts, config-news.ts).
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../src/errors.ts';
import type { ConfigState } from '../../src/gateway/live-config.ts';
import type { CallHost } from '../../src/wire/call-host.ts';
import { until } from '../downstream/surroundings.ts';
import { createScene, host, rules, type Scene, type SceneSettings } from './scene.ts';

const everything = rules({ default: { allow: { servers: ['*'] } } });
const onlyA = rules({ default: { allow: { servers: ['a'] } } });
const nothing = { added: [], changed: [], adjusted: [], removed: [], unchanged: [] };
const tool = { name: 'echo', inputSchema: { type: 'object' } };
const known = { tools: [tool], listedAt: Date.UTC(2026, 0, 1), isRecent: true };

function replace(scene: Scene, more: Partial<ConfigState>): void {
  const before = scene.live.current;
  scene.live.current = { ...before, ...more };
  scene.gateway.configChanged(before, { servers: nothing, rulesChanged: more.rules !== undefined });
}

function problem(pointer: string) {
  const issue = {
    severity: 'error',
    file: '/c/mcp.json',
    line: 3,
    column: 7,
    pointer,
    message: 'comma expected',
  } as const;
  return { at: 1000, message: '/c/mcp.json:3:7: comma expected', issue };
}

describe('rules that change', () => {
  it('G52: hold from the next call on, for lists and for calls', async () => {
    const scene = createScene({ servers: { a: { tools: [tool] }, b: { tools: [tool] } }, rules: everything });
    const { gateway, live } = scene;
    const call = (server: string) => gateway.executeTool({ server, tool: 'echo', whole: true }, host());
    const listed = async () =>
      (await gateway.listServers({ includeMetadata: false }, host())).servers.map(({ name }) => name);
    await call('b');
    live.current = { ...live.current, rules: onlyA };
    await expect(call('b')).rejects.toMatchObject({ code: 'DENIED_BY_POLICY' });
    expect(await listed()).toEqual(['a']);
    live.current = { ...live.current, rules: everything };
    await call('b');
    expect(await listed()).toEqual(['a', 'b']);
  });

  it('G52: do not stop a call that runs', async () => {
    let answer: (value: { result: Record<string, unknown>; size: number }) => void = () => undefined;
    const call = () => new Promise<{ result: Record<string, unknown>; size: number }>((resolve) => (answer = resolve));
    const { gateway, live } = createScene({ servers: { b: { call } }, rules: everything });
    const running = gateway.executeTool({ server: 'b', tool: 'echo', whole: true }, host());
    await until(() => answer.length > 0);
    live.current = { ...live.current, rules: onlyA };
    answer({ result: { content: [] }, size: 2 });
    expect(await running).toEqual({ content: [] });
  });
});

describe('a config that cannot be used', () => {
  it('G52: shows its place beside the servers of before, and in the status', async () => {
    const scene = createScene({ servers: { a: {} }, rules: onlyA });
    const { live, gateway } = scene;
    const { source } = live.current;
    expect(await gateway.listServers({ includeMetadata: false }, host())).not.toHaveProperty('config_error');
    const reload = { at: 1000, added: ['a', 'hidden'], changed: [], removed: ['hidden'], rulesChanged: true };
    const reloads = [
      { ...reload, outcome: 'applied' as const },
      { ...reload, added: [], removed: [], rulesChanged: false, outcome: 'failed' as const, problem: problem('') },
    ];
    live.current = { ...live.current, source: { ...source, problem: problem(''), reloads } };
    const error = 'mcp.json:3:7: comma expected';
    expect(await gateway.listServers({ includeMetadata: false }, host())).toMatchObject({
      servers: [{ name: 'a' }],
      config_error: error,
    });
    const at = '1970-01-01T00:00:01.000Z';
    expect(await gateway.status({}, host())).toMatchObject({
      config: { error },
      reloads: [
        { at, outcome: 'applied', added: ['a'], rules_changed: true },
        { at, outcome: 'failed', error },
      ],
    });
    expect(JSON.stringify(await gateway.status({}, host()))).not.toContain('hidden');
  });

  it('refuses every call where there was none before, notes each, and shows the meta tools', async () => {
    const unusable = new GatewayError('CONFIG_INVALID', '/c/mcp.json:3:7: comma expected');
    const { gateway, audit, live } = createScene({ config: { unusable }, settings: { expose: 'direct' } });
    await expect(gateway.listServers({ includeMetadata: false }, host())).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
    await expect(gateway.direct.call({ name: 'a__echo' }, host())).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(await gateway.direct.give()).toMatchObject({ direct: [], hasMetaServers: true });
    expect(audit.map(({ error_code }) => error_code)).toEqual(['CONFIG_INVALID', 'CONFIG_INVALID']);
    live.current = { ...live.current, unusable: undefined };
    expect(await gateway.listServers({ includeMetadata: false }, host())).toEqual({ servers: [] });
  });
});

describe('the host', () => {
  const tools = 'notifications/tools/list_changed';
  /** What a host that has looked at its tools is told, until it is told that they changed. */
  async function told(settings: SceneSettings, change: (scene: Scene) => Partial<ConfigState>): Promise<string[]> {
    const scene = createScene(settings);
    const methods: string[] = [];
    const listener = { ...host(), notify: (method: string) => void methods.push(method) } satisfies CallHost;
    scene.hostAtLarge.attach(listener);
    await scene.gateway.direct.give();
    replace(scene, change(scene));
    await until(() => methods.includes(tools));
    return methods;
  }
  const servers = { a: { known }, b: { known } };
  const without = (name: string) => (scene: Scene) => ({
    servers: new Map([...scene.live.current.servers].filter(([each]) => each !== name)),
  });

  it.concurrent.each<[string, SceneSettings, (scene: Scene) => Partial<ConfigState>, string[]]>([
    [
      'hears of tools that it sees no more',
      { servers, settings: { expose: 'direct' } },
      without('b'),
      ['notifications/resources/list_changed', 'notifications/prompts/list_changed', tools],
    ],
    [
      'hears of rules that take tools away',
      { servers, rules: everything, settings: { expose: 'direct' } },
      () => ({ rules: onlyA }),
      ['notifications/resources/list_changed', 'notifications/prompts/list_changed', tools],
    ],
    [
      'hears of meta tools that lead nowhere any more',
      {
        servers: {
          a: { snapshot: { state: 'ready', offers: { resources: true, prompts: false, completions: false } } },
          b: {},
        },
      },
      without('a'),
      [tools],
    ],
  ])('G52: %s', async (_what, settings, change, expected) => {
    expect(await told(settings, change)).toEqual(expected);
  });
});
