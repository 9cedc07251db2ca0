// Owns the meta tool `execute_tool`.
import { agentId, type MetaTool } from './meta-tool.ts';

export const executeToolTool: MetaTool = {
  definition: {
    name: 'execute_tool',
    description: "Calls a server's tool.",
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
    // What a tool counts as of which nothing is said (server/tools): there are hosts that look at what is said alone.
    annotations: { destructiveHint: true, openWorldHint: true },
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
