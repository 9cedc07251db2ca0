// What a server of the revisions up to 2025-11-25 asks and tells in the middle of a call, and hosts of both eras.
import { afterEach, describe, expect, test } from 'vitest';
import type { GatewayProcess } from '../helpers/gateway-process.ts';
import type { Json } from '../helpers/json-rpc-process.ts';
import { everyCapability, modernCall, modernMeta } from '../helpers/modern-host.ts';
import { fixtureServer } from '../helpers/programs.ts';
import { Stage } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());

const form = {
  message: 'Who?',
  requestedSchema: { type: 'object', properties: { name: { type: 'string', default: 'Ann' } } },
};
const elicit = { method: 'elicitation/create', params: form };
const sample = { method: 'sampling/createMessage', params: { messages: [], maxTokens: 5, 'x-unknown': [null] } };
const roots = { method: 'roots/list' };

function start(entry: object = {}): GatewayProcess {
  return stage.start(stage.home({ servers: { asks: { ...fixtureServer('questions'), ...entry } } }));
}

function parsed(result: Json): Json {
  return JSON.parse(result.content[0].text);
}

describe('a host of 2025-11-25', () => {
  async function connect(capabilities: object = everyCapability, entry: object = {}): Promise<GatewayProcess> {
    const gateway = start(entry);
    await gateway.initialize('2025-11-25', capabilities);
    return gateway;
  }

  const execute = async (gateway: GatewayProcess, tool: string, args: object = {}): Promise<Json> =>
    parsed(await gateway.execute('asks', tool, args));

  test.each<[string, Json, Json]>([
    ['a form', elicit, { action: 'accept', content: { name: null, 'x-more': 1 } }],
    [
      'a URL to open',
      { ...elicit, params: { mode: 'url', message: 'm', url: 'https://e.example', elicitationId: '1' } },
      { action: 'decline' },
    ],
    ['a sample', sample, { role: 'assistant', content: { type: 'text', text: 'x' }, model: 'm', 'x-unknown': {} }],
    ['its folders', roots, { roots: [{ uri: 'file:///a', name: 'a' }] }],
  ])('D34: is asked for %s, and its answer reaches the server unchanged', async (_, question, answer) => {
    const gateway = await connect();
    const asked: Json[] = [];
    gateway.onRequest = (method, params) => {
      asked.push({ method, params });
      return answer;
    };
    expect(await execute(gateway, 'ask', question)).toEqual({ result: answer });
    expect(asked).toEqual([{ params: {}, ...question }]);
  });

  test('D34: an error answer of the host is the error that the server gets', async () => {
    const gateway = await connect();
    gateway.onRequest = () => {
      throw Object.assign(new Error('The user is away'), { code: -32042 });
    };
    expect(await execute(gateway, 'ask', elicit)).toEqual({ error: { code: -32042, message: 'The user is away' } });
  });

  test('D34: nothing is offered to a server that the host does not offer, and a server that asks all the same gets an error', async () => {
    const gateway = await connect({ sampling: { tools: {} }, experimental: { x: {} } });
    expect(await execute(gateway, 'offered')).toEqual({ sampling: { tools: {} } });
    expect(await execute(gateway, 'ask', elicit)).toMatchObject({ error: { code: -32601 } });
  });

  test('a second call gets through while the first one waits for its human', async () => {
    const gateway = await connect();
    let answer: (value: Json) => void = () => undefined;
    const asked = new Promise<void>((isAsked) => {
      gateway.onRequest = () => {
        isAsked();
        return new Promise((resolve) => {
          answer = resolve;
        });
      };
    });
    const first = execute(gateway, 'ask', elicit);
    expect(await execute(gateway, 'echo', { n: null })).toEqual({ n: null });
    await asked;
    answer({ action: 'accept' });
    expect(await first).toEqual({ result: { action: 'accept' } });
  });

  test('the clock of a call stands still while a human thinks', async () => {
    const gateway = await connect();
    gateway.onRequest = async () => {
      // Longer than the call may take by itself.
      const failure = await gateway
        .failure('execute_tool', {
          server: 'asks',
          tool: 'ask',
          args: { method: 'x/unanswered' },
          timeout_ms: 300,
        })
        .catch(() => undefined);
      return { action: 'accept', content: { failure: failure?.code ?? 'none' } };
    };
    const result = await gateway.callTool('execute_tool', {
      server: 'asks',
      tool: 'ask',
      args: elicit,
      timeout_ms: 200,
    });
    expect(parsed(result)).toMatchObject({ result: { action: 'accept' } });
  });

  test('the absolute limit of a call counts all the same, and is named', async () => {
    const gateway = await connect(everyCapability, { timeoutMs: 100, totalTimeoutMs: 400 });
    gateway.onRequest = () => undefined;
    const failure = await gateway.failure('execute_tool', { server: 'asks', tool: 'ask', args: elicit });
    expect(failure).toMatchObject({ code: 'TIMEOUT', server: 'asks', tool: 'ask' });
    expect(failure.message).toContain('400 ms (totalTimeoutMs)');
  });

  test('D34: a call that the host cancels takes its question back', async () => {
    const gateway = await connect();
    const cancel = new AbortController();
    const asked = new Promise<number>((resolve) => {
      gateway.onRequest = (_method, _params, id) => resolve(id);
    });
    const args = { server: 'asks', tool: 'ask', args: elicit };
    gateway.callTool('execute_tool', args, { cancel: cancel.signal }).catch(() => undefined);
    const id = await asked;
    cancel.abort();
    await expect
      .poll(() => gateway.messages)
      .toContainEqual(
        expect.objectContaining({
          method: 'notifications/cancelled',
          params: expect.objectContaining({ requestId: id }),
        }),
      );
    await expect.poll(() => execute(gateway, 'heard')).toContainEqual(['notifications/cancelled', expect.anything()]);
  });

  test('a question that a call did not wait for is not ended with the call', async () => {
    const gateway = await connect();
    let answer: (roots: Json) => void = () => undefined;
    gateway.onRequest = () => new Promise((resolve) => (answer = resolve));
    await execute(gateway, 'ask_aside', roots);
    answer({ roots: [] });
    const heard = ['answer on the side', expect.objectContaining({ result: { roots: [] } })];
    await expect.poll(() => execute(gateway, 'heard')).toContainEqual(heard);
  });

  test('a server may ask after its call, and hears that the folders have changed', async () => {
    const gateway = await connect();
    gateway.onRequest = () => ({ roots: [] });
    await execute(gateway, 'ask_later', roots);
    gateway.notify('notifications/roots/list_changed');
    await expect
      .poll(() => execute(gateway, 'heard'))
      .toEqual(
        expect.arrayContaining([
          ['late answer', expect.objectContaining({ result: { roots: [] } })],
          ['notifications/roots/list_changed', {}],
        ]),
      );
  });

  test('log messages pass, the level goes to the server, and less severe ones are kept back', async () => {
    const gateway = await connect();
    const logged = (): Json[] => gateway.messages.filter(({ method }) => method === 'notifications/message');
    await execute(gateway, 'log', { levels: ['debug', 'error'] });
    expect(logged().map(({ params }) => params)).toEqual([
      { level: 'debug', logger: 'fixture', data: { one: 'debug' } },
      { level: 'error', logger: 'fixture', data: { one: 'error' } },
    ]);
    expect(await gateway.request('logging/setLevel', { level: 'warning' })).toEqual({});
    await expect.poll(() => execute(gateway, 'level')).toBe('warning');
    await execute(gateway, 'log', { levels: ['info', 'critical'] });
    expect(logged().map(({ params }) => params.level)).toEqual(['debug', 'error', 'critical']);
    await expect(gateway.request('logging/setLevel', { level: 'loud' })).rejects.toMatchObject({ code: -32602 });
  });

  test('what the caller says in _meta reaches the server: tracing, and keys that nobody knows', async () => {
    const gateway = await connect();
    const meta = {
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      'com.example/x': { y: null },
    };
    const result = await gateway.request('tools/call', {
      name: 'execute_tool',
      arguments: { server: 'asks', tool: 'meta' },
      _meta: { ...meta, progressToken: 'mine' },
    });
    expect(parsed(result)).toEqual({ ...meta, progressToken: expect.any(Number) });
  });
});

describe('a host of 2026-07-28', () => {
  const meta = modernMeta;

  async function call(gateway: GatewayProcess, tool: string, args: object = {}, more: Json = {}): Promise<Json> {
    const { _meta, ...rest } = more;
    return await modernCall(gateway, { server: 'asks', tool, args }, { meta: _meta, more: rest });
  }

  test('discovers the gateway, lists its tools, and every result says of what kind it is', async () => {
    const gateway = start();
    expect(await gateway.request('server/discover', { _meta: meta() })).toMatchObject({
      resultType: 'complete',
      supportedVersions: expect.arrayContaining(['2026-07-28', '2025-11-25']),
      capabilities: { tools: { listChanged: true } },
      ttlMs: expect.any(Number),
      cacheScope: 'private',
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'portico' } },
    });
    const listed = await gateway.request('tools/list', { _meta: meta() });
    expect(listed).toMatchObject({ resultType: 'complete', cacheScope: 'private' });
    expect(listed.tools.map(({ name }: Json) => name)).toContain('execute_tool');
    expect(await call(gateway, 'echo', { a: null })).toEqual({
      resultType: 'complete',
      content: [{ type: 'text', text: '{"a":null}' }],
    });
  });

  test('asks in vain for a revision that is not spoken, and hears which are', async () => {
    const gateway = start();
    const wrong = { ...meta(), 'io.modelcontextprotocol/protocolVersion': '1900-01-01' };
    await expect(gateway.request('tools/list', { _meta: wrong })).rejects.toMatchObject({
      code: -32022,
      data: { requested: '1900-01-01', supported: expect.arrayContaining(['2026-07-28']) },
    });
    const bare = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' };
    await expect(gateway.request('tools/list', { _meta: bare })).rejects.toMatchObject({ code: -32602 });
    await expect(gateway.request('ping', { _meta: meta() })).rejects.toMatchObject({ code: -32601 });
  });

  test('gets the question of a server as a result, and its answer in the next round reaches the server', async () => {
    const gateway = start();
    const first = await call(gateway, 'ask', elicit);
    expect(first).toEqual({
      resultType: 'input_required',
      inputRequests: { q1: elicit },
      requestState: expect.any(String),
    });
    const { requestState } = first;
    const answer = { action: 'accept', content: { name: 'Bo' } };
    const last = await call(gateway, 'ask', elicit, { requestState, inputResponses: { q1: answer } });
    expect(last.resultType).toBe('complete');
    expect(parsed(last)).toEqual({ result: answer });
    // A host that lost the answer sends the round once more: the call must not run a second time.
    const again = await call(gateway, 'ask', elicit, { requestState, inputResponses: { q1: answer } });
    expect(again).toMatchObject({ resultType: 'complete', isError: true });
    expect(parsed(again).error).toMatchObject({ code: 'INVALID_ARGUMENTS', server: 'asks', tool: 'ask' });
  });

  test('that shook hands and looked for the newer revision all the same is asked as it began', async () => {
    const gateway = start();
    await gateway.initialize('2025-11-25', everyCapability);
    await gateway.request('server/discover', { _meta: meta() });
    gateway.onRequest = () => ({ action: 'decline' });
    expect(parsed(await gateway.execute('asks', 'ask', elicit))).toEqual({ result: { action: 'decline' } });
    // Both at once: a question of either goes to its own.
    const { requestState } = await call(gateway, 'ask', elicit);
    expect(parsed(await gateway.execute('asks', 'ask', elicit))).toEqual({ result: { action: 'decline' } });
    const inputResponses = { q1: { action: 'cancel' } };
    expect(parsed(await call(gateway, 'ask', elicit, { requestState, inputResponses }))).toEqual({
      result: { action: 'cancel' },
    });
  });

  test('is asked again for what it left out', async () => {
    const gateway = start();
    const args = { questions: [elicit, roots] };
    const answers: Json = { [elicit.method]: { action: 'cancel' }, [roots.method]: { roots: [] } };
    let result = await call(gateway, 'ask_many', args);
    // Nothing is answered at first.
    result = await call(gateway, 'ask_many', args, { requestState: result.requestState, inputResponses: {} });
    expect(result).toMatchObject({ resultType: 'input_required', inputRequests: { q1: elicit } });
    for (let round = 0; result.resultType === 'input_required' && round < 2; round++) {
      const asked = Object.entries(result.inputRequests) as [string, Json][];
      const inputResponses = Object.fromEntries(asked.map(([key, { method }]) => [key, answers[method]]));
      result = await call(gateway, 'ask_many', args, { requestState: result.requestState, inputResponses });
    }
    expect(parsed(result)).toEqual([{ action: 'cancel' }, { roots: [] }]);
  });

  test('goes through as many rounds as the server has questions', async () => {
    const gateway = start();
    const args = { questions: [elicit, sample, elicit] };
    let result = await call(gateway, 'ask_in_turn', args);
    const answers: Json[] = [];
    while (result.resultType === 'input_required') {
      const [[key, question]] = Object.entries(result.inputRequests) as [[string, Json]];
      const answer: Json = { for: question.method, n: answers.length };
      answers.push(answer);
      const { requestState } = result;
      result = await call(gateway, 'ask_in_turn', args, { requestState, inputResponses: { [key]: answer } });
    }
    expect(parsed(result)).toEqual(answers);
    expect(answers.map((answer) => answer.for)).toEqual([elicit.method, sample.method, elicit.method]);
  });

  test('hears log messages only where the call names a level, and its progress with the token of the round', async () => {
    const gateway = start();
    const logged = (): Json[] => gateway.messages.filter(({ method }) => method === 'notifications/message');
    await call(gateway, 'log', { levels: ['error'] });
    expect(logged()).toEqual([]);
    await call(
      gateway,
      'log',
      { levels: ['info', 'error'] },
      { _meta: { 'io.modelcontextprotocol/logLevel': 'warning' } },
    );
    expect(logged().map(({ params }) => params.level)).toEqual(['error']);
    expect(await call(gateway, 'level')).toMatchObject({ content: [{ text: '"warning"' }] });
  });

  test('listens for changes until it cancels, and its subscription is acknowledged first', async () => {
    const gateway = start();
    const cancel = new AbortController();
    const notifications = { toolsListChanged: true, promptsListChanged: false, unknownThings: true };
    const params = { notifications, _meta: meta() };
    gateway.request('subscriptions/listen', params, { cancel: cancel.signal }).catch(() => undefined);
    await expect
      .poll(() => gateway.messages)
      .toEqual([
        {
          jsonrpc: '2.0',
          method: 'notifications/subscriptions/acknowledged',
          params: {
            notifications: { toolsListChanged: true },
            _meta: { 'io.modelcontextprotocol/subscriptionId': 1 },
          },
        },
      ]);
    cancel.abort();
    expect(await call(gateway, 'echo', {})).toMatchObject({ resultType: 'complete' });
  });
});
