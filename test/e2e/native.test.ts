// Resources and prompts of servers as the gateway's own (`serve --expose direct`), for hosts of both eras.
import { afterEach, describe, expect, test } from 'vitest';
import type { GatewayProcess } from '../helpers/gateway-process.ts';
import type { Json } from '../helpers/json-rpc-process.ts';
import { modernRequest } from '../helpers/modern-host.ts';
import { fixtureServer } from '../helpers/programs.ts';
import { Stage, until } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());

function start(rules?: object): GatewayProcess {
  const servers = { docs: fixtureServer('resources', 'docs'), notes: fixtureServer('resources', 'notes') };
  return stage.start(stage.home({ servers, ...(rules && { rules }) }), { args: ['serve', '--expose', 'direct'] });
}

const sent = (gateway: GatewayProcess, method: string): Json[] =>
  gateway.messages.filter((message) => message.method === method).map(({ params }) => params);

describe.each(['2025-11-25', '2026-07-28'])('a host of %s', (revision) => {
  const isModern = revision === '2026-07-28';
  const ask = (gateway: GatewayProcess, method: string, params: object = {}): Promise<Json> =>
    isModern ? modernRequest(gateway, method, params) : gateway.request(method, params);

  async function connect(rules?: object): Promise<GatewayProcess> {
    const gateway = start(rules);
    if (!isModern) await gateway.initialize(revision);
    return gateway;
  }

  test('sees the resources and templates of all servers, unchanged, and reads each where it is', async () => {
    const gateway = await connect();
    const { resources } = await ask(gateway, 'resources/list');
    const uris = resources.map(({ uri }: Json) => uri);
    expect(uris).toEqual(expect.arrayContaining(['docs://text', 'notes://text', 'ui://widget']));
    expect(uris.filter((uri: string) => uri === 'ui://widget')).toHaveLength(1);
    expect(resources[0]).toMatchObject({ annotations: { 'x-unknown': null } });
    const { resourceTemplates } = await ask(gateway, 'resources/templates/list');
    expect(resourceTemplates.length).toBeGreaterThanOrEqual(2);
    for (const scheme of ['docs', 'notes']) {
      const { contents } = await ask(gateway, 'resources/read', { uri: `${scheme}://text` });
      expect(contents).toEqual([
        { uri: `${scheme}://text`, mimeType: 'text/plain', text: 'hello', 'x-unknown': [null] },
      ]);
      // In no list; the template of its server fits.
      const named = await ask(gateway, 'resources/read', { uri: `${scheme}://by-name/x` });
      expect(named.contents).toEqual([{ uri: `${scheme}://by-name/x`, text: 'x' }]);
    }
    const app = await ask(gateway, 'resources/read', { uri: 'ui://widget' });
    expect(app.contents[0]._meta).toEqual({ ui: { csp: { connectDomains: [] } } });
    if (isModern) expect(app).toMatchObject({ resultType: 'complete', ttlMs: 0, cacheScope: 'private' });
  });

  test('sees the prompts of all servers under names of their own, and gets what the server gives', async () => {
    const gateway = await connect();
    const { prompts } = await ask(gateway, 'prompts/list');
    expect(prompts.map(({ name }: Json) => name)).toEqual(expect.arrayContaining(['docs__greet', 'notes__talk']));
    const greeting = await ask(gateway, 'prompts/get', { name: 'notes__greet', arguments: { who: 'Bo' } });
    expect(greeting.messages[0].content.text).toBe('Greet Bo');
    const completion = await ask(gateway, 'completion/complete', {
      ref: { type: 'ref/prompt', name: 'docs__greet' },
      argument: { name: 'who', value: 'A' },
    });
    expect(completion.completion.values).toEqual(expect.any(Array));
    await expect(ask(gateway, 'prompts/get', { name: 'docs__nothing' })).rejects.toMatchObject({ code: -32602 });
  });

  test('follows a resource, hears of its changes and of no other’s, and ends that', async () => {
    const gateway = await connect();
    const updated = 'notifications/resources/updated';
    const call = (tool: string, args: object = {}): Promise<Json> =>
      ask(gateway, 'tools/call', { name: `docs__${tool}`, arguments: args });
    const followed = async (): Promise<Json> => JSON.parse((await call('followed')).content[0].text);
    const uri = 'docs://text';
    const end = new AbortController();
    await ask(gateway, 'tools/list');
    if (isModern) {
      const notifications = { resourceSubscriptions: [uri] };
      modernRequest(gateway, 'subscriptions/listen', { notifications }, {}, { cancel: end.signal }).catch(
        () => undefined,
      );
    } else {
      await ask(gateway, 'resources/subscribe', { uri });
    }
    await expect.poll(followed).toEqual([uri]);
    await call('touch', { uri: 'docs://blob' });
    await call('touch', { uri });
    await until(() => sent(gateway, updated).length > 0);
    expect(sent(gateway, updated)).toEqual([
      {
        uri,
        'x-unknown': true,
        ...(isModern && { _meta: { 'io.modelcontextprotocol/subscriptionId': expect.any(Number) } }),
      },
    ]);
    if (isModern) end.abort();
    else await ask(gateway, 'resources/unsubscribe', { uri });
    await expect.poll(followed).toEqual([]);
  });

  test('is told when a list changes', async () => {
    const gateway = await connect();
    await ask(gateway, 'tools/list');
    const notifications = { resourcesListChanged: true, promptsListChanged: true };
    if (isModern) modernRequest(gateway, 'subscriptions/listen', { notifications }).catch(() => undefined);
    await ask(gateway, 'resources/list');
    await ask(gateway, 'tools/call', { name: 'docs__grow', arguments: {} });
    await until(() => sent(gateway, 'notifications/resources/list_changed').length === 1);
    await until(() => sent(gateway, 'notifications/prompts/list_changed').length === 1);
    const { resources } = await ask(gateway, 'resources/list');
    expect(resources.map(({ uri }: Json) => uri)).toContain('docs://extra/0');
  });

  test('sees and reads nothing that the rules forbid', async () => {
    const deny = { resources: { docs: ['docs://text'] }, prompts: { '*': ['talk'] } };
    const gateway = await connect({ agents: { default: { allow: { servers: ['*'] }, deny } } });
    const { resources } = await ask(gateway, 'resources/list');
    expect(resources.map(({ uri }: Json) => uri)).not.toContain('docs://text');
    // The other server, which may be asked, does not know it.
    await expect(ask(gateway, 'resources/read', { uri: 'docs://text' })).rejects.toThrow('Resource not found');
    const { prompts } = await ask(gateway, 'prompts/list');
    expect(prompts.map(({ name }: Json) => name).sort()).toEqual(['docs__greet', 'notes__greet']);
  });
});

test('without --expose direct there are no such methods, in either era', async () => {
  const gateway = stage.start(stage.home({ servers: { docs: fixtureServer('resources') } }));
  await expect(modernRequest(gateway, 'resources/list')).rejects.toMatchObject({ code: -32601 });
  await gateway.initialize();
  await expect(gateway.request('prompts/list')).rejects.toMatchObject({ code: -32601 });
});
