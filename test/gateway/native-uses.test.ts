// Resources and prompts of several servers, seen as those of one.
import { expect, test } from 'vitest';
import { RpcError } from '../../src/wire/rpc-error.ts';
import { createScene, host, rules, type Scene } from './scene.ts';

const missing = async (): Promise<never> => {
  throw new RpcError(-32002, 'Resource not found');
};
const offers = { resources: true, prompts: true, completions: true };
const snapshot = { state: 'ready', offers } as const;
const answering = (name: string) => async (method: string, params: object) => ({
  result: { name, method, params },
  size: 1,
});

function scene(): Scene {
  const resources = [
    { uri: 'x://first', name: 'f', other: 1 },
    { uri: 'ui://app', name: 'a', _meta: { ui: {} } },
  ];
  return createScene({
    servers: {
      first: {
        snapshot,
        request: missing,
        lists: {
          resources: [{ uri: 'x://first', name: 'f', 'x-unknown': null }],
          prompts: [{ name: 'p', title: 't' }],
        },
      },
      second: { snapshot, request: answering('second'), lists: { resources } },
      third: { snapshot, request: answering('third'), lists: { templates: [{ uriTemplate: 'x://t/{a}' }] } },
    },
    rules: rules({ default: { allow: { servers: ['*'] }, deny: { resources: { '*': ['x://secret'] } } } }),
    settings: { expose: 'direct' },
  });
}

test('every server lists its own, and of two with one URI the first in the config counts', async () => {
  const { gateway } = scene();
  expect(await gateway.native.request('resources/list', {}, host())).toEqual({
    resources: [
      { uri: 'x://first', name: 'f', 'x-unknown': null },
      { uri: 'ui://app', name: 'a', _meta: { ui: {} } },
    ],
  });
  expect(await gateway.native.request('prompts/list', {}, host())).toEqual({
    prompts: [{ name: 'first__p', title: 't' }],
  });
});

test.each([
  ['the server that lists it', 'ui://app', 'second'],
  ['one whose template fits', 'x://t/1', 'third'],
  ['the next one where the first does not find it', 'x://first', 'second'],
  ['whichever knows it', 'y://unheard-of', 'second'],
])('a URI is read at %s, and the result passes unchanged', async (_, uri, name) => {
  const { gateway, audit } = scene();
  const params = { uri, 'x-unknown': 1 };
  const result = await gateway.native.request('resources/read', params, host());
  expect(result).toEqual({ name, method: 'resources/read', params });
  expect(audit).toMatchObject([{ operation: 'resources/read', tool: uri, decision: 'ALLOW' }]);
});

test('what the rules deny is read nowhere', async () => {
  await expect(scene().gateway.native.request('resources/read', { uri: 'x://secret' }, host())).rejects.toMatchObject({
    code: 'INVALID_ARGUMENTS',
  });
});

test('D31: a followed resource of a server that came anew is followed again, and may have changed', async () => {
  const asked: string[] = [];
  const subscribe = async (uri: string): Promise<void> => {
    asked.push(uri);
    if (uri === 'x://gone' && asked.length > 2) throw new Error('no such resource');
  };
  const { gateway, hostAtLarge, watcher } = createScene({
    servers: {
      docs: { snapshot, subscribe, lists: { resources: [{ uri: 'x://a' }, { uri: 'x://gone' }] } },
      other: { snapshot },
    },
    settings: { expose: 'direct' },
  });
  const told: unknown[] = [];
  hostAtLarge.attach({ ...host(), notify: (method, params) => void told.push([method, params]) });
  for (const uri of ['x://a', 'x://gone']) await gateway.native.request('resources/subscribe', { uri }, host());
  watcher.ready('other');
  expect(told).toEqual([]);
  watcher.ready('docs');
  await expect.poll(() => told).toHaveLength(2);
  const updated = 'notifications/resources/updated';
  expect(told).toEqual(['x://a', 'x://gone'].map((uri) => [updated, { uri }]));
  expect(asked).toEqual(['x://a', 'x://gone', 'x://a', 'x://gone']);
});

test.each([
  ['resources/read', {}],
  ['resources/subscribe', { uri: null }],
  ['prompts/get', {}],
  ['completion/complete', {}],
  ['completion/complete', { ref: { type: 'ref/prompt' } }],
] as const)('%s %j, which names nothing, is asked of no server', async (method, params) => {
  const { gateway } = scene();
  await expect(gateway.native.request(method, params, host())).rejects.toMatchObject({
    code: 'INVALID_ARGUMENTS',
    message: expect.stringMatching(/^'(uri|name|ref\.uri|ref\.name)' is no string$/),
  });
});
