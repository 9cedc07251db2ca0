// Owns the meta tool `list_server_resources`.
import { listQuery } from './list-query.ts';
import { agentId, type MetaTool } from './meta-tool.ts';

export const listServerResourcesTool: MetaTool = {
  definition: {
    name: 'list_server_resources',
    description: 'Lists resources and templates.',
    inputSchema: {
      type: 'object',
      properties: {
        server: { type: 'string' },
        cursor: { type: 'string' },
        agent_id: agentId,
      },
      required: ['server'],
    },
    annotations: { readOnlyHint: true },
  },

  async run(gateway, input, host) {
    const value = await gateway.offered.listResources(listQuery(input), host);
    return { kind: 'own', value };
  },
};
