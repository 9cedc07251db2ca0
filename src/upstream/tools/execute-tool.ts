// Owns the meta tool `execute_tool`.
import { agentId, type MetaTool } from './meta-tool.ts';

export const executeToolTool: MetaTool = {
  definition: {
    name: 'execute_tool',
    description: 'Calls a tool of a server.',
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
    // No annotations: where nothing is said, a tool may write, destroy and reach out (server/tools).
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
