// Servers of 2026-07-28 and what passes between them and hosts of both eras: questions as results, tasks, `_meta`.
import { afterEach, describe, expect, test } from 'vitest';
import type { GatewayProcess } from '../helpers/gateway-process.ts';
import type { Json } from '../helpers/json-rpc-process.ts';
import { everyCapability, modernCall, modernRequest } from '../helpers/modern-host.ts';
import { fixtureServer } from '../helpers/programs.ts';
import { Stage } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());

const tasks = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
const roots = { roots: [{ uri: 'file:///a' }] };

function start(options: Parameters<Stage['home']>[0] = {}): GatewayProcess {
  return stage.start(stage.home({ servers: { one: fixtureServer('tasks'), two: fixtureServer('tasks') }, ...options }));
}

const parsed = (result: Json): Json => JSON.parse(result.content[0].text);

describe('a server that answers with questions', () => {
  test('D34: a host of its own era gets them as they are, with the state that only the server can read', async () => {
    const gateway = start();
    const call = (more: object): Promise<Json> => modernCall(gateway, { server: 'one', tool: 'ask' }, { more });
    const first = await call({});
    expect(JSON.stringify(first)).toBe(
      '{"resultType":"input_required","x-first":{"kept":null},"inputRequests":{"r0":{"method":"elicitation/create",' +
        '"params":{"message":"round 0","requestedSchema":{"type":"object","properties":{}}}}},"requestState":"state:1"}',
    );
    const second = await call({ requestState: 'state:1', inputResponses: { r0: { action: 'decline' } } });
    expect(second).toMatchObject({ resultType: 'input_required', requestState: 'state:2' });
    const last = await call({ requestState: 'state:2', inputResponses: { r1: { action: 'accept', content: {} } } });
    expect(parsed(last)).toEqual({ last: { r1: { action: 'accept', content: {} } } });
  });

  test('D34: a host of 2025-11-25 is asked in the middle of the call, round after round', async () => {
    const gateway = start();
    await gateway.initialize('2025-11-25', everyCapability);
    const asked: Json[] = [];
    gateway.onRequest = (method, { message }) => {
      asked.push([method, message]);
      return { action: 'accept', content: { n: asked.length } };
    };
    expect(parsed(await gateway.execute('one', 'ask'))).toEqual({
      last: { r1: { action: 'accept', content: { n: 2 } } },
    });
    expect(asked).toEqual([
      ['elicitation/create', 'round 0'],
      ['elicitation/create', 'round 1'],
    ]);
  });

  test('D34: a host that cannot answer gets one error that names the server and what it asked for', async () => {
    const gateway = start();
    await gateway.initialize();
    const failure = await gateway.failure('execute_tool', { server: 'one', tool: 'ask' });
    expect(failure).toMatchObject({ code: 'SERVER_UNAVAILABLE', server: 'one', tool: 'ask' });
    expect(failure.message).toContain('elicitation/create');
    expect(await gateway.executeText('two', 'work', { n: 1 })).toBe('{"n":1}');
  });

  test('a host that answers with an error is said to have done so', async () => {
    const gateway = start();
    await gateway.initialize('2025-11-25', everyCapability);
    gateway.onRequest = () => {
      throw Object.assign(new Error('no form here'), { code: -32602 });
    };
    const failure = await gateway.failure('execute_tool', { server: 'one', tool: 'ask' });
    expect(failure.code).toBe('CANCELLED');
    expect(failure.message).toContain('the host answered with an error: no form here');
  });
});

describe('a call that becomes a task', () => {
  test('is asked about, answered and read by a name that says whose it is, though both servers gave it one name', async () => {
    const gateway = start();
    const begin = (server: string, n: number): Promise<Json> =>
      modernCall(gateway, { server, tool: 'work', args: { n } }, { capabilities: tasks });
    const [one, two] = [await begin('one', 1), await begin('two', 2)];
    expect(Object.keys(one)).toEqual(['resultType', 'x-first', 'taskId', 'status', 'ttlMs', 'pollIntervalMs']);
    expect([one.taskId, two.taskId]).toEqual(['one/a/b 1', 'two/a/b 1']);

    const about = (method: string, more: object = {}): Promise<Json> =>
      modernRequest(gateway, method, { taskId: two.taskId, ...more }, { capabilities: tasks });
    expect(await about('tasks/get')).toEqual({
      resultType: 'complete',
      taskId: 'two/a/b 1',
      status: 'input_required',
      inputRequests: { who: { method: 'roots/list' } },
    });
    expect(await about('tasks/update', { inputResponses: { who: roots } })).toEqual({ resultType: 'complete' });
    const done = await about('tasks/get');
    expect(done.status).toBe('completed');
    expect(parsed(done.result)).toEqual({ args: { n: 2 }, answers: { who: roots } });
    await modernRequest(gateway, 'tasks/cancel', { taskId: one.taskId }, { capabilities: tasks });
    expect(await modernRequest(gateway, 'tasks/get', { taskId: one.taskId })).toMatchObject({ status: 'cancelled' });
  });

  test('does not become one for a host that cannot hold it', async () => {
    const gateway = start();
    expect(parsed(await modernCall(gateway, { server: 'one', tool: 'work', args: { n: 3 } }))).toEqual({ n: 3 });
  });

  test('obeys the rules, and a name that nobody gave is one error', async () => {
    const gateway = start({ rules: { agents: { default: { allow: { servers: ['one'] } } } } });
    const about = (taskId: unknown): Promise<Json> => modernRequest(gateway, 'tasks/get', { taskId });
    await expect(about('two/a/b 1')).rejects.toThrow('DENIED_BY_POLICY');
    await expect(about('nobody')).rejects.toMatchObject({ code: -32602 });
    await expect(about(undefined)).rejects.toMatchObject({ code: -32602 });
    await expect(about('one/none')).rejects.toThrow('no task none');
  });
});

test('what the host says in _meta reaches the server, and what it said to the gateway alone does not', async () => {
  const gateway = start();
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const meta = {
    traceparent,
    'com.example/x': [null],
    'io.modelcontextprotocol/logLevel': 'error',
    progressToken: 'p',
  };
  const seen = parsed(await modernCall(gateway, { server: 'one', tool: 'meta' }, { meta, capabilities: tasks }));
  expect(seen).toEqual({
    traceparent,
    'com.example/x': [null],
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': expect.objectContaining({ name: 'portico' }),
    'io.modelcontextprotocol/clientCapabilities': tasks,
    'io.modelcontextprotocol/logLevel': 'error',
    progressToken: expect.any(Number),
  });
});
