// Owns the meta tool `login_server`.
import { agentId, type MetaTool } from './meta-tool.ts';

export const loginServerTool: MetaTool = {
  definition: {
    name: 'login_server',
    description: 'Starts or continues a login; returns a URL for the user.',
    inputSchema: {
      type: 'object',
      properties: {
        server: { type: 'string' },
        callback_url: { type: 'string', description: "The browser's last URL, if its page failed" },
        restart: { type: 'boolean' },
        agent_id: agentId,
      },
      required: ['server'],
    },
    annotations: { destructiveHint: false },
  },

  async run(gateway, input, host) {
    const value = await gateway.loginServer(
      {
        agentId: input.text('agent_id'),
        server: input.required('server'),
        callbackUrl: input.text('callback_url'),
        restart: input.flag('restart'),
      },
      host,
    );
    return { kind: 'own', value };
  },
};
