// Owns the meta tool `read_server_resource`.
import { agentId, type MetaTool } from './meta-tool.ts';

export const readServerResourceTool: MetaTool = {
  definition: {
    name: 'read_server_resource',
    description: 'Reads a URI, also of a link.',
    inputSchema: {
      type: 'object',
      properties: {
        server: { type: 'string' },
        uri: { type: 'string' },
        agent_id: agentId,
      },
      required: ['server', 'uri'],
    },
  },

  async run(gateway, input, host) {
    const result = await gateway.offered.readResource(
      { agentId: input.text('agent_id'), server: input.required('server'), uri: input.required('uri') },
      host,
    );
    return { kind: 'relayed', result };
  },
};
