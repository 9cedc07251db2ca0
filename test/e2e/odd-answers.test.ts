// Servers that speak MCP and break its rules: harmless where that can be, else one clear error that names the server; and
// the good server beside them answers meanwhile.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startOddHttp } from '../../fixtures/servers/odd-http.mjs';
import type { GatewayProcess } from '../helpers/gateway-process.ts';
import { startHttp } from '../helpers/http-servers.ts';
import { type Json, JsonRpcProcess } from '../helpers/json-rpc-process.ts';
import { fixtureServer } from '../helpers/programs.ts';
import { Stage } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());
/** Stands until the end: a server whose every call goes wrong in another way must survive them all. */
const shared = new Stage();
afterAll(() => shared.close());

const good = fixtureServer('echo');
const megabyte = 1024 * 1024;

function gatewayWith(bad: object): Promise<GatewayProcess> {
  return stage.gateway(stage.home({ servers: { bad, good } }));
}

/** What `work` gives, while the good server is called before, during and after it. */
async function beside<T>(gateway: GatewayProcess, work: () => Promise<T>): Promise<T> {
  const callGood = async (when: string) =>
    expect(await gateway.executeText('good', 'echo', { when })).toBe(JSON.stringify({ when }));
  await callGood('before');
  const working = work();
  // It may fail while the good server is asked; whoever awaits the outcome learns of it.
  working.catch(() => undefined);
  await callGood('during');
  const outcome = await working;
  await callGood('after');
  return outcome;
}

const call = (gateway: GatewayProcess, tool: string, more: object = {}): Promise<Json> =>
  beside(gateway, () => gateway.callTool('execute_tool', { server: 'bad', tool, ...more }));

describe('answers of another form', () => {
  let gateway: GatewayProcess;

  beforeAll(async () => {
    gateway = await shared.gateway(shared.home({ servers: { bad: fixtureServer('odd-answers'), good } }));
  });

  test.each([
    ['an id as text', 'as text'],
    ['an answer twice', 'first'],
    ['answers to nothing', 'after it'],
    ['an error beside a result', 'well'],
    ['notifications of its own', 'after them'],
  ])('%s: the call goes well', async (tool, text) => {
    expect(await call(gateway, tool)).toEqual({ content: [{ type: 'text', text }] });
    expect(await gateway.executeText('bad', 'echo', { a: 1 })).toBe('{"a":1}');
  });

  test.each([
    ['a text', /^server 'bad' answered tool 'a text' with a result that is no object$/],
    ['a list', /result that is no object/],
    ['a null', /result that is no object/],
    ['nothing', /result that is no object/],
    ['an error without message', /^server 'bad' answered: an error without a message \(-32000\)$/],
    ['an empty error', /^server 'bad' answered: an error without a message \(-32603\)$/],
    ['an error as text', /^server 'bad' answered: it broke \(-32603\)$/],
    ['half a message', /^server 'bad' ended the connection during tool 'half a message': it exited with code 3/],
  ])('%s: the call fails at once, and the next one goes well', async (tool, message) => {
    const { structuredContent, isError } = await call(gateway, tool);
    expect(isError).toBe(true);
    expect(structuredContent.error).toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: expect.stringMatching(message),
      server: 'bad',
      tool,
    });
    expect(await gateway.executeText('bad', 'echo', { a: 1 })).toBe('{"a":1}');
  });

  test('a depth that cannot be written again: the call fails, and nothing else does', async () => {
    await expect(call(gateway, 'a great depth')).rejects.toThrow('internal error');
    expect(await gateway.executeText('bad', 'echo', { a: 1 })).toBe('{"a":1}');
  });

  test('an id of nobody: the call ends with its time, and nothing else does', async () => {
    const { structuredContent } = await call(gateway, 'an id of nobody', { timeout_ms: 500 });
    expect(structuredContent.error).toMatchObject({
      code: 'TIMEOUT',
      message: "server 'bad' gave no answer to tool 'an id of nobody' within 500 ms (timeout_ms)",
    });
    expect(await gateway.executeText('bad', 'echo', { a: 1 })).toBe('{"a":1}');
  });

  test('requests that nobody can answer get an error answer, and ping its result', async () => {
    expect(await call(gateway, 'requests')).toEqual({ content: [{ type: 'text', text: 'asked' }] });
    const heard = JSON.parse(await gateway.executeText('bad', 'heard')) as Json[];
    const codes = Object.fromEntries(heard.map(({ id, error, result }) => [id, error?.code ?? result]));
    const refused = Object.fromEntries([0, 1, 2, 3, 5].map((index) => [`odd-${index}`, -32601]));
    expect(codes).toEqual({ ...refused, 'odd-4': {} });
  });
});

describe('lists of tools', () => {
  test.each([
    ['null', null],
    ['a text', 'none'],
    ['a list', [{ name: 'x' }]],
  ])('that are %s fail with an error that names the server', async (_title, list) => {
    const gateway = await gatewayWith(fixtureServer('odd-answers', JSON.stringify(list)));
    const failure = await beside(gateway, () => gateway.failure('get_server_tools', { server: 'bad' }));
    expect(failure).toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: "server 'bad' answered tools/list with a result that is no object",
    });
    expect(await gateway.executeText('bad', 'echo', { a: 1 })).toBe('{"a":1}');
  });

  test.each([{}, { tools: null }, { tools: 'x' }, { tools: [null, 1, {}, { name: 7 }, [[]]] }])(
    'that hold no tools, like %j, are empty',
    async (list) => {
      const gateway = await gatewayWith(fixtureServer('odd-answers', JSON.stringify(list)));
      const found = await beside(gateway, () => gateway.value('get_server_tools', { server: 'bad' }));
      expect(found).toMatchObject({ tools: [], total_available: 0 });
    },
  );

  test.each([
    { option: 'stuck', count: 2 },
    { option: 'endless', count: 1001 },
  ])('D35: with $option pages come to an end', async ({ option, count }) => {
    const gateway = await gatewayWith(fixtureServer('many-pages', option));
    const found = await beside(gateway, () => gateway.value('get_server_tools', { server: 'bad', detail: 'names' }));
    expect(found.total_available).toBe(count);
  });

  test('that change with every answer, and are announced 10,000 times, disturb nobody', async () => {
    const gateway = await gatewayWith(fixtureServer('list-changed', 'storm'));
    const counts: number[] = [];
    for (let round = 0; round < 3; round++) {
      await beside(gateway, () => gateway.executeText('bad', 'tool_1'));
      const found = await beside(gateway, () => gateway.value('get_server_tools', { server: 'bad', detail: 'names' }));
      counts.push(found.total_available);
    }
    expect(counts).toEqual([...new Set(counts)].sort((a, b) => a - b));
    // What this host sees are the meta tools, and they are the same as before.
    expect(gateway.messages.filter(({ method }) => method !== undefined)).toEqual([]);
  });
});

describe('schemas with loops and references', () => {
  test('F46: pass unchanged in every detail, and nothing is fetched', async () => {
    const seen: unknown[] = [];
    const far = await startHttp((request, response) => {
      seen.push(request.url);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
    stage.own(() => far.close());
    const server = fixtureServer('odd-schemas', far.url);
    const gateway = await gatewayWith(server);
    const ask = (args: object) => gateway.value('get_server_tools', { server: 'bad', ...args });
    const full = await beside(gateway, () => ask({ detail: 'full' }));
    const home = stage.home();
    const direct = new JsonRpcProcess({ ...server, cwd: home.directory, env: home.env });
    stage.own(() => direct.stop());
    await direct.initialize();
    const { tools } = await direct.request('tools/list');
    expect(JSON.stringify(full.tools)).toBe(JSON.stringify(tools.slice(0, 14)));
    const names = full.tools.map(({ name }: Json) => name);
    expect((await ask({ detail: 'names' })).tools.map(({ name }: Json) => name)).toEqual(names);
    const brief = await ask({ detail: 'brief' });
    expect(brief.tools.map(({ name }: Json) => name)).toEqual(names);
    expect(brief.tools[0]).toEqual({ name: 'odd_1', description: 'Its schema refers to itself.', parameters: '()' });
    expect((await ask({ max_schema_tokens: 300, detail: 'full' })).omitted.length).toBeGreaterThan(0);
    for (const name of names) expect(await gateway.executeText('bad', name, { a: null })).toBe('{"a":null}');
    expect(seen).toEqual([]);
  });
});

describe('100 MB on one line', () => {
  test.each([false, true])('as an answer (its id at the end: %s) fail that call alone', async (idLast) => {
    const gateway = await gatewayWith(fixtureServer('big-message'));
    const args = { size: 100 * megabyte, id_last: idLast };
    const { structuredContent } = await call(gateway, 'big', { args });
    expect(structuredContent.error).toMatchObject({ code: 'RESULT_TOO_LARGE', server: 'bad', tool: 'big' });
    expect(await gateway.executeText('bad', 'small')).toBe('x'.repeat(10));
  });

  test('that are no message are passed over', async () => {
    const gateway = await gatewayWith(fixtureServer('big-message'));
    expect(await call(gateway, 'big', { args: { noise: 100 * megabyte } })).toEqual({
      content: [{ type: 'text', text: 'x'.repeat(10) }],
    });
  });
});

describe('over HTTP', () => {
  let gateway: GatewayProcess;

  beforeAll(async () => {
    const bad = await startOddHttp();
    shared.own(() => bad.close());
    gateway = await shared.gateway(shared.home({ servers: { bad: { url: bad.url, oauth: false }, good } }));
  });

  test.each([
    ['JSON with an id as text'],
    ['events with an id as text'],
    ['events that come twice'],
    ['events with answers to nothing'],
    ['JSON with an error of null beside'],
  ])('%s: the call goes well', async (tool) => {
    expect(await call(gateway, tool)).toEqual({ content: [{ type: 'text', text: 'well' }] });
  });

  test.each([
    [
      'JSON with an id of nobody',
      'SERVER_UNAVAILABLE',
      /^server 'bad' .*answered tool '.*' with application\/json: .*999/,
    ],
    ['JSON with an error for nobody', 'SERVER_UNAVAILABLE', /^server 'bad' answered: broken \(-32000\)$/],
    ['JSON that answers nothing', 'SERVER_UNAVAILABLE', /^server 'bad' .*answered tool '.*' with application\/json: /],
    [
      'JSON without a result',
      'SERVER_UNAVAILABLE',
      /^server 'bad' answered tool '.*' with a result that is no object$/,
    ],
    ['JSON with an error as text', 'SERVER_UNAVAILABLE', /^server 'bad' answered: it broke \(-32603\)$/],
    ['events with an id of nobody', 'SERVER_UNAVAILABLE', /^server 'bad' ended the connection during tool /],
    ['events that are none', 'SERVER_UNAVAILABLE', /^server 'bad' ended the connection during tool /],
    ['JSON of 100 MB', 'RESULT_TOO_LARGE', /^the answer of server 'bad' to tool '.*' has \d+ bytes or more/],
    ['events of 100 MB', 'RESULT_TOO_LARGE', /^the answer of server 'bad' to tool '.*' has \d+ bytes or more/],
  ])('%s: the call fails at once, and the next one goes well', async (tool, code, message) => {
    const { structuredContent } = await call(gateway, tool);
    expect(structuredContent.error).toMatchObject({
      code,
      message: expect.stringMatching(message),
      server: 'bad',
      tool,
    });
    expect(await gateway.executeText('bad', 'events that come twice')).toBe('well');
  });
});
