// Owns the meta tool `complete_server_argument`.
import { agentId, type MetaTool } from './meta-tool.ts';

export const completeServerArgumentTool: MetaTool = {
  definition: {
    name: 'complete_server_argument',
    description: 'Suggests values for an argument of a prompt or URI template.',
    inputSchema: {
      type: 'object',
      properties: {
        server: { type: 'string' },
        prompt: { type: 'string' },
        template: { type: 'string' },
        argument: { type: 'string' },
        value: { type: 'string' },
        context: { type: 'object' },
        agent_id: agentId,
      },
      required: ['server', 'argument'],
    },
    annotations: { readOnlyHint: true },
  },

  async run(gateway, input, host) {
    const prompt = input.text('prompt');
    const value = await gateway.offered.complete(
      {
        agentId: input.text('agent_id'),
        server: input.required('server'),
        ...(prompt === undefined ? { resource: input.required('template') } : { prompt }),
        argument: input.required('argument'),
        value: input.text('value') ?? '',
        context: input.object('context'),
      },
      host,
    );
    return { kind: 'own', value };
  },
};
