// Owns the meta tool `list_servers`.
import { agentId, type MetaTool } from './meta-tool.ts';

export const listServersTool: MetaTool = {
  definition: {
    name: 'list_servers',
    description: 'Lists the MCP servers and their states.',
    inputSchema: {
      type: 'object',
      properties: {
        include_metadata: { type: 'boolean' },
        agent_id: agentId,
      },
    },
    annotations: { readOnlyHint: true },
  },

  async run(gateway, input, host) {
    const includeMetadata = input.flag('include_metadata');
    return {
      kind: 'own',
      value: await gateway.listServers({ agentId: input.text('agent_id'), includeMetadata }, host),
    };
  },
};
