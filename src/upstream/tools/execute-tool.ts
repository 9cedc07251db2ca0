// Owns the meta tool `execute_tool`.
import { agentId, type MetaTool } from './meta-tool.ts';

export const executeToolTool: MetaTool = {
  definition: {
    name: 'execute_tool',
    description: 'Calls a tool of a server; its result comes back unchanged.',
    inputSchema: {
      type: 'object',
      properties: {
        server: { type: 'string' },
        tool: { type: 'string' },
        args: { type: 'object', description: "Fits the tool's inputSchema" },
        timeout_ms: { type: 'integer' },
        agent_id: agentId,
      },
      required: ['server', 'tool'],
    },
    annotations: { readOnlyHint: false, destructiveHint: true, openWorldHint: true },
  },

  async run(gateway, input, host) {
    const result = await gateway.executeTool(
      {
        agentId: input.text('agent_id'),
        server: input.required('server'),
        tool: input.required('tool'),
        args: input.object('args'),
        timeoutMs: input.count('timeout_ms'),
      },
      host,
    );
    return { kind: 'relayed', result };
  },
};
