// The built command under two independent clients, against servers that nobody here wrote.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Home } from '../helpers/home.ts';
import { connectHost, type HostKind, hostKinds, type TestHost } from '../helpers/hosts.ts';
import { startPublishedHttpServer } from '../helpers/http-servers.ts';
import { fixtureServer, publishedServer } from '../helpers/programs.ts';
import { Stage } from '../helpers/stage.ts';

const shared = new Stage();
let everythingUrl: string;

beforeAll(async () => {
  const server = await startPublishedHttpServer();
  shared.own(() => server.close());
  everythingUrl = server.url;
});
afterAll(() => shared.close());

describe.each(hostKinds)('%s', (kind: HostKind) => {
  const stage = new Stage();
  afterEach(() => stage.close());

  async function connect(home: Home, args: readonly string[] = []): Promise<TestHost> {
    const host = await connectHost(kind, home, args);
    stage.own(() => host.close());
    return host;
  }

  test('shakes hands, pings and sees the meta tools', async () => {
    const host = await connect(stage.home({ servers: { echo: fixtureServer('echo') } }));
    expect(host.serverName).toBe('portico');
    expect(host.instructions).toContain('list_servers');
    expect(host.capabilities).toMatchObject({ tools: {} });
    expect(host.isModern).toBe(kind === 'SDK 2.x that probes for newer revisions');
    if (!host.isModern) expect(await host.ping()).toEqual({});
    const tools = await host.tools();
    expect(tools.map(({ name }) => name)).toEqual([
      'list_servers',
      'search_tools',
      'get_server_tools',
      'execute_tool',
      'read_result',
      'login_server',
    ]);
    const hints = tools.map(({ annotations }) => annotations?.readOnlyHint ?? false);
    expect(hints).toEqual([true, true, true, false, true, false]);
  });

  test('walks from the servers to their tools to a result, over stdio and over Streamable HTTP', async () => {
    const home = stage.home({
      servers: { local: publishedServer('everything', 'stdio'), web: { url: everythingUrl, oauth: false } },
    });
    const host = await connect(home);
    const before = (await host.call('list_servers')).structuredContent;
    expect(before.servers).toMatchObject([
      { name: 'local', state: 'idle' },
      { name: 'web', state: 'idle' },
    ]);
    for (const server of ['local', 'web']) {
      const found = (await host.call('get_server_tools', { server, names: ['echo', 'get-sum'] })).structuredContent;
      expect(found).toMatchObject({ server, detail: 'full', returned: 2 });
      expect(found.tools[0].inputSchema).toMatchObject({ properties: { message: { type: 'string' } } });
      const sum = await host.call('execute_tool', { server, tool: 'get-sum', args: { a: 2, b: 40 } });
      expect(sum.content).toEqual([{ type: 'text', text: expect.stringContaining('42') }]);
      const image = await host.call('execute_tool', { server, tool: 'get-tiny-image' });
      expect(image.content).toContainEqual({ type: 'image', data: expect.any(String), mimeType: 'image/png' });
      const structured = { server, tool: 'get-structured-content', args: { location: 'New York' } };
      const weather = await host.call('execute_tool', structured);
      expect(weather.structuredContent).toMatchObject({ temperature: expect.any(Number) });
    }
    const after = (await host.call('list_servers', { include_metadata: true })).structuredContent;
    expect(after.servers).toMatchObject([
      { name: 'local', state: 'ready', transport: 'stdio', protocol: '2025-11-25', tools: expect.any(Number) },
      { name: 'web', state: 'ready', transport: 'http', url: everythingUrl, protocol: '2025-11-25' },
    ]);
  });

  test('uses the filesystem server and the memory server', async () => {
    const home = stage.home();
    const folder = join(home.directory, 'notes');
    mkdirSync(folder);
    writeFileSync(join(folder, 'a.txt'), 'kept in a file');
    home.writeServers({
      // biome-ignore lint/suspicious/noTemplateCurlyInString: that is what stands in a config
      files: publishedServer('filesystem', '${HOME}/notes'),
      memory: { ...publishedServer('memory'), env: { MEMORY_FILE_PATH: join(home.directory, 'memory.json') } },
    });
    const host = await connect(home);
    const read = { server: 'files', tool: 'read_text_file', args: { path: join(folder, 'a.txt') } };
    expect((await host.call('execute_tool', read)).content).toEqual([{ type: 'text', text: 'kept in a file' }]);
    const outside = { server: 'files', tool: 'read_text_file', args: { path: home.configFile } };
    expect(await host.call('execute_tool', outside)).toMatchObject({ isError: true });
    const entity = { name: 'Portico', entityType: 'gateway', observations: ['has columns'] };
    await host.call('execute_tool', { server: 'memory', tool: 'create_entities', args: { entities: [entity] } });
    const graph = await host.call('execute_tool', { server: 'memory', tool: 'read_graph' });
    expect(graph.structuredContent).toMatchObject({ entities: [entity] });
  });

  test('sees get_gateway_status under --debug alone', async () => {
    const home = stage.home({ servers: { echo: fixtureServer('echo') } });
    const plain = await connect(home);
    await expect(plain.call('get_gateway_status')).rejects.toMatchObject({ code: -32602 });
    const debugging = await connect(home, ['--debug']);
    const { structuredContent: status } = await debugging.call('get_gateway_status');
    expect(status).toMatchObject({
      config: { servers_file: home.configFile, rules_file: null },
      policy: { servers: 1 },
      servers: [{ name: 'echo', state: 'idle' }],
    });
  });

  test('is told of an unknown method, an unknown tool and an unknown server, each in its own way', async () => {
    const host = await connect(stage.home({ servers: { echo: fixtureServer('echo') } }));
    await expect(host.unknownRequest()).rejects.toMatchObject({ code: -32601 });
    await expect(host.call('no_such_tool')).rejects.toMatchObject({ code: -32602 });
    const noServer = await host.call('execute_tool', { server: 'ecko', tool: 'echo' });
    expect(noServer).toMatchObject({
      isError: true,
      structuredContent: { error: { code: 'SERVER_NOT_FOUND', server: 'ecko', hint: expect.stringContaining('echo') } },
    });
    const noTool = await host.call('execute_tool', { server: 'echo', tool: 'imege' });
    expect(noTool.structuredContent.error).toMatchObject({
      code: 'TOOL_NOT_FOUND',
      hint: expect.stringContaining('image'),
    });
    expect(JSON.parse(noTool.content[0].text)).toEqual(noTool.structuredContent);
  });

  test('gets progress, can cancel, and is told of a timeout', async () => {
    const host = await connect(stage.home({ servers: { echo: fixtureServer('echo') } }));
    const updates: unknown[] = [];
    const slow = (ms: number, more: object = {}) => ({
      server: 'echo',
      tool: 'slow',
      args: { ms, progress: 3 },
      ...more,
    });
    await host.call('execute_tool', slow(400), { onprogress: (update) => updates.push(update) });
    expect(updates).toEqual([1, 2, 3].map((step) => ({ progress: step, total: 3, message: `step ${step}` })));

    const cancelling = new AbortController();
    const cancelled = host.call(
      'execute_tool',
      { server: 'echo', tool: 'slow', args: { ms: 60_000, progress: 600 } },
      { signal: cancelling.signal, onprogress: () => cancelling.abort() },
    );
    await expect(cancelled).rejects.toThrow();
    // The server heard of it, and is still there.
    const { content } = await host.call('execute_tool', { server: 'echo', tool: 'cancelled' });
    expect(JSON.parse(content[0].text)).toHaveLength(1);

    const late = await host.call('execute_tool', {
      server: 'echo',
      tool: 'slow',
      args: { ms: 60_000 },
      timeout_ms: 200,
    });
    expect(late.structuredContent.error).toMatchObject({ code: 'TIMEOUT', server: 'echo', tool: 'slow' });
  });

  test('is answered by login_server what to do about the login of each kind of server', async () => {
    const { server } = await stage.protectedPair();
    const home = stage.home({
      servers: { echo: fixtureServer('echo'), crm: { url: server.url }, fixed: { url: server.url, oauth: false } },
    });
    const host = await connect(home);
    const started = (await host.call('login_server', { server: 'crm' })).structuredContent;
    expect(started).toMatchObject({ server: 'crm', state: 'login_pending', expires_in_s: expect.any(Number) });
    expect(started.login_url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/authorize\?/);
    for (const other of ['echo', 'fixed']) {
      const { structuredContent } = await host.call('login_server', { server: other });
      expect(structuredContent.error).toMatchObject({ code: 'INVALID_ARGUMENTS', server: other });
    }
  });
});
