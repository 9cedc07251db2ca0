// Owns the meta tool `get_gateway_status`, which is listed under `--debug` alone.
import { agentId, type MetaTool } from './meta-tool.ts';

export const getGatewayStatusTool: MetaTool = {
  definition: {
    name: 'get_gateway_status',
    description: 'Shows config paths, server states, rules and call counts, for finding faults.',
    inputSchema: { type: 'object', properties: { agent_id: agentId } },
    annotations: { readOnlyHint: true },
  },

  async run(gateway, input, host) {
    return { kind: 'own', value: await gateway.status({ agentId: input.text('agent_id') }, host) };
  },
};
