// Tests of src/gateway/call-tool.ts.
import { describe, expect, it } from 'vitest';
import type { CallOptions } from '../../src/downstream/call-options.ts';
import type { ToolDefinition } from '../../src/downstream/tool-pages.ts';
import { GatewayError } from '../../src/errors.ts';
import { callTool } from '../../src/gateway/call-tool.ts';
import type { ServerSession } from '../../src/gateway/downstream-port.ts';

type Answer = (method: string, params: object) => object;

/** A server, and what it was asked. */
function sessionOf(
  tools: readonly ToolDefinition[],
  { makesTasks = true, answer }: { makesTasks?: boolean; answer?: Answer } = {},
) {
  const asked: unknown[] = [];
  const request = async (method: string, params: object, options?: CallOptions) => {
    asked.push([method, params, options]);
    return { result: (answer?.(method, params) ?? {}) as Record<string, unknown>, size: 1 };
  };
  const session = {
    offerings: { makesTasks },
    catalog: {
      tools: async () => tools,
      find: async (name: string) => {
        asked.push('the list');
        return tools.find((tool) => tool.name === name);
      },
    },
    connection: {
      callTool: (tool: string, args: unknown, options: CallOptions) => request('call', { tool, args }, options),
      request,
    },
  };
  return { asked, session: session as unknown as ServerSession };
}

const task = { name: 'research', execution: { taskSupport: 'required' } };
const options: CallOptions = { timeoutMs: 5 };

describe('a tool that runs as a task alone', () => {
  it('gives its result like any other, with the limits and the host of the call at each step', async () => {
    const result = { content: [], 'x-more': null };
    const { asked, session } = sessionOf([task], {
      answer: (method) => (method === 'tools/call' ? { task: { taskId: 't/1', status: 'working' } } : result),
    });
    const outcome = await callTool(session, { tool: 'research', args: { a: null } }, options);
    expect(outcome.result).toBe(result);
    expect(asked).toEqual([
      'the list',
      ['tools/call', { name: 'research', arguments: { a: null }, task: {} }, options],
      ['tasks/result', { taskId: 't/1' }, options],
    ]);
  });

  it.each(['CANCELLED', 'TIMEOUT'] as const)(
    'is ended at its server when nobody waits for it any more: %s',
    async (code) => {
      const gone = new GatewayError(code, 'x');
      const { asked, session } = sessionOf([task], {
        answer: (method) => {
          if (method === 'tools/call') return { task: { taskId: 't' } };
          throw gone;
        },
      });
      await expect(callTool(session, { tool: 'research' }, options)).rejects.toBe(gone);
      expect(asked.at(-1)).toEqual(['tasks/cancel', { taskId: 't' }, { timeoutMs: expect.any(Number) }]);
    },
  );

  it('gives the answer of a server that made no task of it', async () => {
    const result = { content: [] };
    const { session } = sessionOf([task], { answer: () => result });
    expect((await callTool(session, { tool: 'research' }, options)).result).toBe(result);
  });
});

it.each<[string, ToolDefinition, boolean, unknown[]]>([
  ['that may run as a task', { name: 'a', execution: { taskSupport: 'optional' } }, true, ['the list']],
  ['of which nothing is said', { name: 'a' }, true, ['the list']],
  ['of a server without tasks', { ...task, name: 'a' }, false, []],
])('a tool %s is called by one request', async (_, tool, makesTasks, before) => {
  const { asked, session } = sessionOf([tool], { makesTasks });
  await callTool(session, { tool: 'a', args: 1 }, options);
  expect(asked).toEqual([...before, ['call', { tool: 'a', args: 1 }, options]]);
});
