// Owns the meta tool `get_server_prompt`.
import { agentId, type MetaTool } from './meta-tool.ts';

export const getServerPromptTool: MetaTool = {
  definition: {
    name: 'get_server_prompt',
    description: 'Gets a prompt.',
    inputSchema: {
      type: 'object',
      properties: {
        server: { type: 'string' },
        name: { type: 'string' },
        arguments: { type: 'object' },
        agent_id: agentId,
      },
      required: ['server', 'name'],
    },
  },

  async run(gateway, input, host) {
    const result = await gateway.offered.getPrompt(
      {
        agentId: input.text('agent_id'),
        server: input.required('server'),
        prompt: input.required('name'),
        args: input.object('arguments'),
      },
      host,
    );
    return { kind: 'relayed', result };
  },
};
