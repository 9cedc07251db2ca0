// Owns what the gateway costs a model's context, counted with the o200k encoding.
import { fileURLToPath } from 'node:url';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { createWorkshop, direct, echoProgram, stdioServer } from '../contestants.mjs';

const twentyToolsProgram = fileURLToPath(new URL('../servers/twenty-tools.mjs', import.meta.url));
const tokensOf = (value) => encode(typeof value === 'string' ? value : JSON.stringify(value)).length;
const description = 'Notes, tasks and files of the whole team, shared and searchable';

export async function tokens(report, { gateway: program }) {
  const workshop = createWorkshop(program);
  report.title('Tokens (o200k)');
  try {
    for (const count of [1, 50]) await countListings(report, workshop, count);
    await countTwentyTools(report, workshop);
  } finally {
    workshop.remove();
  }
}

async function countListings(report, workshop, count) {
  const servers = Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`server-${index}`, { ...stdioServer(echoProgram), description }]),
  );
  const gateway = workshop.gateway(servers);
  try {
    await gateway.initialize();
    const { tools } = await gateway.request('tools/list');
    report.row(`tools/list with ${count} servers`, tokensOf({ tools }), 'tokens', { atMost: 700 });
    const listed = await gateway.callTool('list_servers', {});
    const each = tokensOf(listed.content[0].text) / count;
    report.row(`list_servers, each of ${count}`, each, 'tokens', { atMost: 50 });
  } finally {
    await gateway.close();
  }
}

async function countTwentyTools(report, workshop) {
  const server = direct(twentyToolsProgram);
  const gateway = workshop.gateway({ tracker: stdioServer(twentyToolsProgram) });
  try {
    await server.initialize();
    await gateway.initialize();
    const { tools } = await server.request('tools/list');
    const ask = async (args) =>
      tokensOf((await gateway.callTool('get_server_tools', { server: 'tracker', ...args })).content[0].text);
    const [first, second] = tools.map(({ name }) => name);
    report.row('direct: tools/list of a server with 20 tools', tokensOf({ tools }), 'tokens');
    report.row('get_server_tools of it', await ask({}), 'tokens', { atMost: 1300 });
    report.row('get_server_tools of it, two by name', await ask({ names: [first, second] }), 'tokens');
    report.row('get_server_tools of it, in full', await ask({ detail: 'full' }), 'tokens');
  } finally {
    await server.close();
    await gateway.close();
  }
}
