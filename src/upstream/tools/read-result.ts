// Owns the meta tool `read_result`.
import { agentId, type MetaTool } from './meta-tool.ts';

export const readResultTool: MetaTool = {
  definition: {
    name: 'read_result',
    description: 'Reads on in a cut result.',
    inputSchema: {
      type: 'object',
      properties: { result_id: { type: 'string' }, offset: { type: 'integer' }, agent_id: agentId },
      required: ['result_id'],
    },
    annotations: { readOnlyHint: true },
  },

  async run(gateway, input, host) {
    const result = await gateway.readResult(
      {
        agentId: input.text('agent_id'),
        resultId: input.required('result_id'),
        offset: input.offset('offset'),
      },
      host,
    );
    return { kind: 'relayed', result };
  },
};
