// Owns the meta tool `list_server_resources`.
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
    const value = await gateway.offered.listResources(
      {
        agentId: input.text('agent_id'),
        server: input.required('server'),
        pattern: input.text('pattern'),
        cursor: input.text('cursor'),
      },
      host,
    );
    return { kind: 'own', value };
  },
};
