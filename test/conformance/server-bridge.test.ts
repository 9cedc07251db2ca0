// The bridge and the server that the suite's clients are shown, without a gateway between them: SDK clients of both eras
// reach everything through them.
import { execPath } from 'node:process';
import { afterEach, describe, expect, it } from 'vitest';
import { outside } from '../../conformance/outside.mjs';
import { startBridge } from '../../conformance/server-bridge.mjs';
import { openProgram } from '../../conformance/server-program.mjs';
import { MatrixHost } from '../e2e/matrix/host.ts';
import { fixtureServer } from '../helpers/programs.ts';
import { Stage } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());

async function bridge(options: Parameters<typeof startBridge>[0]): Promise<string> {
  const started = await startBridge(options);
  stage.own(() => started.close());
  return started.url;
}

describe.each(['SDK 1.x host', 'SDK 2.x legacy host', 'SDK 2.x modern host'] as const)('%s', (kind) => {
  async function connect(): Promise<MatrixHost> {
    const program = openProgram({ directory: stage.home().directory, revision: '', gateway: undefined });
    const host = await MatrixHost.connect(kind, { url: await bridge(program) });
    stage.own(() => host.close());
    return host;
  }

  it('gets results, progress, log messages, resources and prompts over the bridge', async () => {
    const host = await connect();
    expect(await host.call('test_simple_text')).toMatchObject({ content: [{ type: 'text' }] });
    const updates: number[] = [];
    await host.call('test_tool_with_progress', {}, { onprogress: ({ progress }) => updates.push(progress) });
    expect(updates.slice(0, 2)).toEqual([0, 50]);
    await host.call('test_tool_with_logging');
    expect(host.take().logs).toHaveLength(3);
    const { contents } = await host.request('readResource', { uri: 'test://template/7/data' });
    expect(contents[0].text).toContain('"id":"7"');
    const args = { name: 'test_prompt_with_arguments', arguments: { arg1: 'a', arg2: 'b' } };
    expect((await host.request('getPrompt', args)).messages).toHaveLength(1);
  });

  it('is asked over the bridge, and its answers arrive', async () => {
    const host = await connect();
    const { content } = await host.call('test_input_required_result_multiple_inputs');
    const methods = host.take().questions.map(({ method }) => method);
    expect(methods.toSorted()).toEqual(['elicitation/create', 'roots/list', 'sampling/createMessage']);
    expect(content[0].text).toMatch(/state-ok.*Ada.*file:\/\/\/srv\/one/u);
  });
});

it('the bridge takes a prefix from names toward the client and adds it toward the program', async () => {
  const { command, args } = fixtureServer('echo');
  const program = { command, args, cwd: stage.home().directory, env: {} };
  const host = await MatrixHost.connect('SDK 1.x host', { url: await bridge({ program, prefix: 'ec' }) });
  stage.own(() => host.close());
  expect(await host.call('ho', { message: 'x' })).toEqual({ content: [{ type: 'text', text: '{"message":"x"}' }] });
});

it('a client gets 404 for a session that the bridge does not know', async () => {
  const url = await bridge({ program: { command: execPath, args: ['-e', ''], cwd: stage.home().directory, env: {} } });
  const answer = await fetch(url, { method: 'POST', headers: { 'mcp-session-id': 'x' }, body: '{}' });
  expect(answer.status).toBe(404);
});

it('every scenario that is not run has its reason', () => {
  expect(Object.values(outside).filter((why) => why.length < 40)).toEqual([]);
});
