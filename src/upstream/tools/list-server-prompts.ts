// Owns the meta tool `list_server_prompts`.
import { listQuery } from './list-query.ts';
import { agentId, type MetaTool } from './meta-tool.ts';

export const listServerPromptsTool: MetaTool = {
  definition: {
    name: 'list_server_prompts',
    description: 'Lists prompts.',
    inputSchema: {
      type: 'object',
      properties: {
        server: { type: 'string' },
        agent_id: agentId,
      },
      required: ['server'],
    },
    annotations: { readOnlyHint: true },
  },

  async run(gateway, input, host) {
    const value = await gateway.offered.listPrompts(listQuery(input), host);
    return { kind: 'own', value };
  },
};
