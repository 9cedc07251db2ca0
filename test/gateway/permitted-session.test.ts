// What the rules say when a wait ends (src/gateway/permitted-session.ts): for every way to a server.
import { describe, expect, it } from 'vitest';
import { LoginRequiredError } from '../../src/errors.ts';
import type { Gateway } from '../../src/gateway/gateway.ts';
import { createScene, host, rules, type Scene } from './scene.ts';

const everything = rules({ default: { allow: { servers: ['*'] } } });
const nothing = rules({ default: { deny: { servers: ['*'] } } });
const noItems = rules({
  default: {
    allow: { servers: ['*'] },
    deny: { tools: { a: ['t'] }, resources: { a: ['x://r'] }, prompts: { a: ['p'] } },
  },
});
const offers = { resources: true, prompts: true, completions: true };
const tool = { name: 't', inputSchema: { type: 'object' } };
const known = { tools: [tool], listedAt: Date.UTC(2026, 0, 1), isRecent: true };

type Use = (gateway: Gateway) => Promise<unknown>;

/** A server that takes its time: when it is up (for the `at`th time), `then` are the rules. `asked`: what it saw. */
function waiting(then: typeof nothing, more: { direct?: boolean; login?: boolean; at?: number } = {}) {
  const asked: string[] = [];
  let isUp = false;
  let connects = 0;
  const scene: Scene = createScene({
    servers: {
      a: {
        ...(more.login && { entry: { kind: 'http' } as const }),
        tools: [tool],
        lists: { resources: [{ uri: 'x://r' }], prompts: [{ name: 'p' }] },
        snapshot: { state: 'ready', offers },
        ...(more.direct && { known }),
        async connect() {
          if (more.login && !isUp) {
            isUp = true;
            throw new LoginRequiredError('a', {});
          }
          connects += 1;
          if (connects < (more.at ?? 1)) return;
          scene.live.current = { ...scene.live.current, rules: then };
        },
        call: async (name) => {
          asked.push(name);
          return { result: {}, size: 2 };
        },
        request: async (method) => {
          asked.push(method);
          return { result: {}, size: 2 };
        },
      },
    },
    rules: everything,
    settings: { loginWaitMs: 1000, ...(more.direct && { expose: 'direct' }) },
    login: async () => ({ expiresAt: 0, browserOpened: false, done: Promise.resolve() }),
  });
  return { ...scene, asked };
}

const ofItems: readonly (readonly [string, Use])[] = [
  ['a tool', (gateway) => gateway.executeTool({ server: 'a', tool: 't' }, host())],
  ['a resource', (gateway) => gateway.offered.readResource({ server: 'a', uri: 'x://r' }, host())],
  ['a prompt', (gateway) => gateway.offered.getPrompt({ server: 'a', prompt: 'p', args: {} }, host())],
  [
    'a completion for a prompt',
    (gateway) => gateway.offered.complete({ server: 'a', prompt: 'p', argument: 'x', value: '', context: {} }, host()),
  ],
  [
    'a completion for a resource',
    (gateway) =>
      gateway.offered.complete({ server: 'a', resource: 'x://r', argument: 'x', value: '', context: {} }, host()),
  ],
];

const ofServers: readonly (readonly [string, Use])[] = [
  ['a list of tools', (gateway) => gateway.getServerTools({ server: 'a', fresh: true }, host())],
  ['a list of resources', (gateway) => gateway.offered.listResources({ server: 'a' }, host())],
  ['a list of prompts', (gateway) => gateway.offered.listPrompts({ server: 'a' }, host())],
  ['a task', (gateway) => gateway.taskRequest({ method: 'tasks/get', params: { taskId: 'a/1' } }, host())],
];

describe('H54: rules that change while a call waits for a server that starts', () => {
  it.each([...ofItems, ...ofServers])('deny %s of a server that is denied by then', async (_what, use) => {
    const { gateway, asked, audit } = waiting(nothing);
    await expect(use(gateway)).rejects.toMatchObject({ code: 'DENIED_BY_POLICY', rule: expect.any(String) });
    expect(asked).toEqual([]);
    expect(audit).toMatchObject([{ decision: 'DENY' }]);
  });

  it.each(ofItems)('deny %s that is denied by then', async (_what, use) => {
    const { gateway, asked } = waiting(noItems);
    await expect(use(gateway)).rejects.toMatchObject({ code: 'DENIED_BY_POLICY' });
    expect(asked).toEqual([]);
  });

  it('deny a tool that is called by the name in the list of the host', async () => {
    const { gateway, asked } = waiting(noItems, { direct: true });
    const call = gateway.direct.call({ name: 'a__t', args: {} }, host());
    await expect(call).rejects.toMatchObject({ code: 'DENIED_BY_POLICY' });
    expect(asked).toEqual([]);
  });

  it.each([
    ['resources/read', 5],
    ['resources/subscribe', 5],
    ['prompts/get', 3],
  ] as const)('deny %s of a host that sees all as one, once its owner is found', async (method, at) => {
    const { gateway, asked } = waiting(noItems, { direct: true, at });
    const use = gateway.native.request(method, { uri: 'x://r', name: 'a__p' }, host());
    await expect(use).rejects.toMatchObject({ code: 'DENIED_BY_POLICY' });
    expect(asked).toEqual([]);
  });
});

it('H54: rules that change while a call waits for a login deny it', async () => {
  const { gateway, asked } = waiting(noItems, { login: true });
  await expect(gateway.executeTool({ server: 'a', tool: 't' }, host())).rejects.toMatchObject({
    code: 'DENIED_BY_POLICY',
    server: 'a',
    tool: 't',
  });
  expect(asked).toEqual([]);
});
