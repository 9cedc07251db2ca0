// Owns the meta tool `search_tools`.
import { details } from '../../gateway/get-server-tools.ts';
import { agentId, type MetaTool } from './meta-tool.ts';

export const searchToolsTool: MetaTool = {
  definition: {
    name: 'search_tools',
    description: 'Finds tools by words.',
    inputSchema: {
      type: 'object',
      properties: {
        query: { type: 'string' },
        limit: { type: 'integer' },
        // The values are those of get_server_tools, where they are listed.
        detail: { type: 'string' },
        agent_id: agentId,
      },
      required: ['query'],
    },
    annotations: { readOnlyHint: true },
  },

  async run(gateway, input, host) {
    const value = await gateway.searchTools(
      {
        agentId: input.text('agent_id'),
        query: input.required('query'),
        limit: input.count('limit'),
        detail: input.oneOf('detail', details),
      },
      host,
    );
    return { kind: 'own', value };
  },
};
