// Owns the meta tool `get_server_tools`.
import { details } from '../../gateway/get-server-tools.ts';
import { agentId, type MetaTool } from './meta-tool.ts';

export const getServerToolsTool: MetaTool = {
  definition: {
    name: 'get_server_tools',
    description: "Shows a server's tools: whole, or a line each if many; then ask by names.",
    inputSchema: {
      type: 'object',
      properties: {
        server: { type: 'string' },
        names: { type: 'array', items: { type: 'string' } },
        pattern: { type: 'string', description: 'Glob' },
        detail: { type: 'string', enum: details },
        max_schema_tokens: { type: 'integer' },
        cursor: { type: 'string' },
        agent_id: agentId,
      },
      required: ['server'],
    },
    annotations: { readOnlyHint: true },
  },

  async run(gateway, input, host) {
    const value = await gateway.getServerTools(
      {
        agentId: input.text('agent_id'),
        server: input.required('server'),
        names: input.names('names'),
        pattern: input.text('pattern'),
        detail: input.oneOf('detail', details),
        maxSchemaTokens: input.count('max_schema_tokens'),
        cursor: input.text('cursor'),
      },
      host,
    );
    return { kind: 'own', value };
  },
};
