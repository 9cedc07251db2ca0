// What a server answers reaches the host as it was: compared with a connection of our own to the same server.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHttpEcho } from '../../fixtures/servers/http-echo.mjs';
import type { GatewayProcess } from '../helpers/gateway-process.ts';
import { type Json, JsonRpcProcess } from '../helpers/json-rpc-process.ts';
import { fixtureServer, publishedServer, type ServerCommand } from '../helpers/programs.ts';
import { openRawSession, type RawSession } from '../helpers/raw-http-session.ts';
import { Stage } from '../helpers/stage.ts';

const stage = new Stage();
/** Nothing is cut here: test/e2e/large-results.test.ts has what happens by default. */
const maxResultBytes = 64 * 1024 * 1024;
afterAll(() => stage.close());

/** Nulls, empty values, odd keys and every kind of number must arrive. */
const awkward = {
  message: null,
  list: [null, [], {}, '', 0, -0.5, 1e21, Number.MAX_SAFE_INTEGER],
  nested: { null: null, empty: {}, ['__proto__']: 'x', constructor: 1, 'with space': 'é ☃ 🚀 \u2028 "quoted" \\ \n' },
};

const calls: readonly { readonly tool: string; readonly args: object }[] = [
  { tool: 'echo', args: awkward },
  { tool: 'echo', args: {} },
  ...['image', 'audio', 'resource_link', 'structured', 'meta', 'error'].map((tool) => ({ tool, args: {} })),
  { tool: 'big', args: { size: 200_000 } },
];

async function direct({ command, args }: ServerCommand): Promise<JsonRpcProcess> {
  const home = stage.home();
  const server = new JsonRpcProcess({ command, args, cwd: home.directory, env: home.env });
  stage.own(() => server.stop());
  await server.initialize();
  return server;
}

const asTheServerSaid = async (server: JsonRpcProcess, tool: string, args: object): Promise<string> =>
  JSON.stringify(await server.callTool(tool, args));

const throughTheGateway = async (
  gateway: GatewayProcess,
  server: string,
  tool: string,
  args: object,
): Promise<string> => JSON.stringify(await gateway.callTool('execute_tool', { server, tool, args }));

describe('over stdio', () => {
  let server: JsonRpcProcess;
  let everything: JsonRpcProcess;
  let gateway: GatewayProcess;

  beforeAll(async () => {
    const servers = { echo: fixtureServer('echo'), everything: publishedServer('everything', 'stdio') };
    server = await direct(servers.echo);
    everything = await direct(servers.everything);
    gateway = await stage.gateway(stage.home({ servers: { ...servers, echo: { ...servers.echo, maxResultBytes } } }));
  });

  test.each(calls)('F44: the result of $tool is equal to the byte', async ({ tool, args }) => {
    expect(await throughTheGateway(gateway, 'echo', tool, args)).toBe(await asTheServerSaid(server, tool, args));
  });

  test.each([
    { tool: 'echo', args: { message: 'é ☃' } },
    { tool: 'get-tiny-image', args: {} },
    { tool: 'get-resource-links', args: { count: 3 } },
    { tool: 'get-resource-reference', args: { resourceType: 'Text', resourceId: 1 } },
    { tool: 'get-structured-content', args: { location: 'Chicago' } },
    { tool: 'get-annotated-message', args: { messageType: 'error', includeImage: true } },
  ])('the result of $tool of server-everything is equal to the byte', async ({ tool, args }) => {
    const expected = await asTheServerSaid(everything, tool, args);
    // The server puts the time of the call into some resources.
    const still = (text: string) => text.replaceAll(/\d{1,2}:\d{2}:\d{2}[^"\\]*/g, 'T');
    expect(still(await throughTheGateway(gateway, 'everything', tool, args))).toBe(still(expected));
  });

  test('F44: arguments that a model sent as a JSON string arrive as the object', async () => {
    const sent = await throughTheGateway(gateway, 'echo', 'echo', JSON.stringify(awkward) as unknown as object);
    expect(sent).toBe(await asTheServerSaid(server, 'echo', awkward));
  });

  test.each(['echo', 'everything'])('the definitions of %s are equal to the byte for detail full', async (name) => {
    const { tools } = await (name === 'echo' ? server : everything).request('tools/list');
    const found = await gateway.value('get_server_tools', { server: name, detail: 'full' });
    expect(found).toMatchObject({ detail: 'full', returned: tools.length, total_available: tools.length });
    expect(JSON.stringify(found.tools)).toBe(JSON.stringify(tools));
  });

  test('the text of a meta tool says the same as its structured content', async () => {
    const { content, structuredContent } = await gateway.callTool('get_server_tools', { server: 'echo' });
    expect(JSON.parse(content[0].text)).toEqual(structuredContent);
  });

  test('a result of 16 MB arrives whole, and the next call works', async () => {
    const size = 16 * 1024 * 1024;
    const text = await gateway.executeText('echo', 'big', { size });
    expect(text).toHaveLength(size);
    expect(await gateway.executeText('echo', 'echo', { message: 'after' })).toBe('{"message":"after"}');
  });

  test('an answer that is too large for one message fails that call and no other', async () => {
    const home = stage.home({ servers: { big: fixtureServer('big-message') } });
    const other = await stage.gateway(home);
    const beside = other.executeText('big', 'big', { size: 3 });
    const failure = await other.failure('execute_tool', {
      server: 'big',
      tool: 'big',
      args: { size: 70 * 1024 * 1024 },
    });
    expect(failure).toMatchObject({ code: 'RESULT_TOO_LARGE', server: 'big', hint: expect.any(String) });
    expect(await beside).toBe('xxx');
    expect(await other.executeText('big', 'small')).toHaveLength(10);
  });
});

describe.each(['json', 'sse'])('over Streamable HTTP with %s answers', (answers) => {
  let session: RawSession;
  let gateway: GatewayProcess;

  beforeAll(async () => {
    const server = await startHttpEcho({ answers });
    stage.own(() => server.close());
    session = await openRawSession(server.url);
    gateway = await stage.gateway(stage.home({ servers: { echo: { url: server.url, oauth: false, maxResultBytes } } }));
  });

  test.each(calls)('the result of $tool is equal', async ({ tool, args }) => {
    const expected = await session.request('tools/call', { name: tool, arguments: args });
    const result = await gateway.callTool('execute_tool', { server: 'echo', tool, args });
    expect(result).toEqual(expected);
    expect(JSON.stringify(result)).toBe(JSON.stringify(expected));
  });

  test('the definitions are equal', async () => {
    const { tools } = (await session.request('tools/list')) as Json;
    const found = await gateway.value('get_server_tools', { server: 'echo', detail: 'full' });
    expect(JSON.stringify(found.tools)).toBe(JSON.stringify(tools));
  });

  test('a result of 16 MB arrives whole', async () => {
    const size = 16 * 1024 * 1024;
    expect(await gateway.executeText('echo', 'big', { size })).toHaveLength(size);
  });
});
