import { expect, it } from 'vitest';
import type { Gateway } from '../../src/gateway/gateway.ts';
import { createScene, host, rules, type SceneSettings } from './scene.ts';

const call = { server: 'files', tool: 'read', args: {} };
const key = 'mcp-portico/large-result';
const everything = rules({ me: { allow: { servers: ['*'] } }, other: { allow: { servers: ['*'] } } });
const text = (value: string) => ({ type: 'text', text: value });
// Outside of the limit, and 3000 characters.
const words = 'ab '.repeat(1000);

function scene(result: Record<string, unknown>, more: Partial<SceneSettings> = {}) {
  const size = Buffer.byteLength(JSON.stringify(result));
  const tools = [{ name: 'read' }];
  const files = { entry: { maxResultBytes: 1024 }, tools, call: async () => ({ result, size }) };
  return createScene({ servers: { files }, ...more });
}

async function cut(gateway: Gateway, agentId?: string) {
  const result = await gateway.executeTool({ ...call, agentId }, host());
  const { [key]: place } = result['_meta'] as Record<string, { result_id: string; start: number; end: number }>;
  if (!place) throw new Error('it was not cut');
  return { result, place };
}

it('hands a small result on as the same value, and a large one that is binary too', async () => {
  for (const content of [[text('x'.repeat(900))], [{ type: 'image', data: words, mimeType: 'image/png' }]]) {
    const result = { content };
    expect(await scene(result).gateway.executeTool(call, host())).toBe(result);
  }
});

it('F48: cuts a large text, and says in words and in _meta how much there is and how to read on', async () => {
  const result = {
    'x-first': 1,
    content: [text(words)],
    isError: true,
    _meta: { own: 1 },
    structuredContent: { n: 1 },
  };
  const given = await cut(scene(result).gateway);
  const { result_id: id } = given.place;
  expect(given.result).toEqual({
    ...result,
    content: [
      text(words.slice(0, 1024)),
      text(expect.stringMatching(new RegExp(`1024 of its 3000 .*read_result.*"${id}" and offset 1024 `)) as never),
    ],
    _meta: { own: 1, [key]: { result_id: id, start: 0, end: 1024, length: 3000 } },
  });
  expect(Object.keys(given.result)).toEqual(Object.keys(result));
});

it('pages the rest, and the last page says so', async () => {
  const { gateway } = scene({ content: [text(words)] });
  const { result, place } = await cut(gateway);
  const [first] = result['content'] as [{ text: string }];
  let [read, offset] = [first.text, place.end];
  let note = '';
  while (offset < words.length) {
    expect(note).not.toContain('the end');
    const page = await gateway.readResult({ resultId: place.result_id, offset }, host());
    const [block, last] = page['content'] as [{ text: string }, { text: string }];
    const meta = page['_meta'] as Record<string, typeof place>;
    expect(meta[key]).toMatchObject({ result_id: place.result_id, start: offset, length: 3000 });
    note = last.text;
    read += block.text;
    offset = meta[key]?.end ?? 0;
  }
  expect(read).toBe(words);
  expect(note).toBe('[Characters 2048 to 3000 of 3000; This is the end.]');
  const again = await gateway.readResult({ resultId: place.result_id }, host());
  expect(again['content']).toEqual([
    text(words.slice(0, 1024)),
    text('[Characters 0 to 1024 of 3000; offset 1024 gives what follows.]'),
  ]);
});

it('says of a structuredContent that is too large where it can be read, or that the text says it', async () => {
  const rows = { rows: words };
  const joined = await cut(scene({ content: [text('rows')], structuredContent: rows }).gateway);
  expect(joined.result).not.toHaveProperty('structuredContent');
  expect(joined.result['content']).toEqual([
    text('rows'),
    text(expect.stringMatching(/structuredContent is left out: its JSON begins at offset 4\./) as never),
  ]);
  const repeated = await cut(scene({ content: [text(JSON.stringify(rows))], structuredContent: rows }).gateway);
  expect(repeated.result).not.toHaveProperty('structuredContent');
  expect(JSON.stringify(repeated.result)).toContain('structuredContent is left out: it says the same as the text.');
});

it('gives the whole result to a caller that asks for it whole', async () => {
  const result = { content: [text(words)] };
  expect(await scene(result).gateway.executeTool({ ...call, whole: true }, host())).toBe(result);
});

it('lets no other agent read it, and says no more than of an id that never was', async () => {
  const { gateway, audit } = scene({ content: [text(words)] }, { rules: everything });
  const { place } = await cut(gateway, 'me');
  await gateway.readResult({ agentId: 'me', resultId: place.result_id }, host());
  const failure = async (resultId: string) => {
    const error = await gateway.readResult({ agentId: 'other', resultId }, host()).catch((thrown) => thrown);
    return { ...error, message: error.message.replace(resultId, 'ID') };
  };
  const foreign = await failure(place.result_id);
  expect(foreign).toMatchObject({ code: 'RESULT_NOT_FOUND', server: undefined });
  expect(foreign).toEqual(await failure('0123456789ab'));
  expect(audit.slice(1)).toMatchObject([
    {
      operation: 'read_result',
      agent_id: 'me',
      server: 'files',
      tool: 'read',
      decision: 'ALLOW',
      rule: expect.any(String),
    },
    { operation: 'read_result', agent_id: 'other', server: null, tool: null, error_code: 'RESULT_NOT_FOUND' },
    { operation: 'read_result', agent_id: 'other', server: null, tool: null, error_code: 'RESULT_NOT_FOUND' },
  ]);
});

it('asks the rules again when it is read', async () => {
  const changing = rules({ me: { allow: { servers: ['*'] } } });
  const { gateway, audit } = scene({ content: [text(words)] }, { rules: changing });
  const { place } = await cut(gateway, 'me');
  (changing.agents as Map<string, unknown>).set('me', {
    allow: { servers: ['*'], tools: {} },
    deny: { servers: [], tools: { files: ['read'] } },
  });
  await expect(gateway.readResult({ agentId: 'me', resultId: place.result_id }, host())).rejects.toMatchObject({
    code: 'DENIED_BY_POLICY',
    server: 'files',
    tool: 'read',
  });
  expect(audit.at(-1)).toMatchObject({
    operation: 'read_result',
    decision: 'DENY',
    rule: expect.stringContaining('deny'),
  });
});

it('names the length where the offset is behind the end', async () => {
  const { gateway } = scene({ content: [text(words)] });
  const { place } = await cut(gateway);
  await expect(gateway.readResult({ resultId: place.result_id, offset: 3000 }, host())).rejects.toMatchObject({
    code: 'INVALID_ARGUMENTS',
    message: expect.stringContaining('3000 characters'),
    server: 'files',
  });
});

it('cuts the result of a task that has ended, and leaves the task as it is else', async () => {
  const task = { resultType: 'complete', taskId: 't', status: 'completed', result: { content: [text(words)] } };
  const size = JSON.stringify(task).length;
  const answers = [{ ...task, result: { content: [text('small')] } }, task];
  const files = { entry: { maxResultBytes: 1024 }, request: async () => ({ result: answers.pop() ?? {}, size }) };
  const { gateway } = createScene({ servers: { files } });
  const ask = () => gateway.taskRequest({ method: 'tasks/get', params: { taskId: 'files/t' } }, host());
  const given = (await ask()) as typeof task;
  expect(given).toMatchObject({ ...task, taskId: 'files/t', result: { content: [text(words.slice(0, 1024)), {}] } });
  const { [key]: place } = (given.result as { _meta?: Record<string, { result_id: string }> })._meta ?? {};
  const page = await gateway.readResult({ resultId: place?.result_id ?? '', offset: 2990 }, host());
  expect(page['content']).toMatchObject([text(words.slice(2990)), {}]);
  expect(await ask()).toEqual({ ...task, taskId: 'files/t', result: { content: [text('small')] } });
});
