// Owns what the gateway costs a model's context, counted with the o200k encoding.

import { fileURLToPath } from 'node:url';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { createWorkshop, echoProgram, stdioServer } from '../contestants.mjs';

const twentyToolsProgram = fileURLToPath(new URL('../servers/twenty-tools.mjs', import.meta.url));
const tokensOf = (value) => encode(typeof value === 'string' ? value : JSON.stringify(value)).length;

export async function tokens(report) {
  const workshop = createWorkshop();
  report.title('Tokens');
  try {
    for (const count of [1, 50]) {
      const servers = Object.fromEntries(
        Array.from({ length: count }, (_, index) => [
          `server-${index}`,
          {
            ...stdioServer(echoProgram),
            description: 'Notes, tasks and files of the whole team, shared and searchable',
          },
        ]),
      );
      const gateway = workshop.gateway(servers);
      await gateway.initialize();
      report.row(`tools/list with ${count} servers`, tokensOf(await gateway.request('tools/list')), 'tokens', {
        atMost: 700,
      });
      const listed = await gateway.callTool('list_servers', {});
      report.row(`list_servers, each of ${count}`, tokensOf(listed.content[0].text) / count, 'tokens', { atMost: 50 });
      await gateway.close();
    }
    const gateway = workshop.gateway({ tracker: stdioServer(twentyToolsProgram) });
    await gateway.initialize();
    const asked = async (args) =>
      tokensOf((await gateway.callTool('get_server_tools', { server: 'tracker', ...args })).content[0].text);
    report.row('get_server_tools, 20 tools, default', await asked({}), 'tokens', { atMost: 1300 });
    report.row('get_server_tools, 20 tools, full', await asked({ detail: 'full' }), 'tokens');
    await gateway.close();
  } finally {
    workshop.remove();
  }
}
