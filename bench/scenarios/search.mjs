// Owns how long `search_tools` takes over the tools of many servers.
import { fileURLToPath } from 'node:url';
import { createWorkshop, stdioServer } from '../contestants.mjs';
import { median, percentile, timeCalls } from '../measure.mjs';

const program = fileURLToPath(new URL('../servers/many-tools.mjs', import.meta.url));
const topics = [
  ...['invoice', 'contract', 'ticket', 'customer', 'order', 'shipment', 'employee', 'meeting', 'project', 'budget'],
  ...['product', 'campaign', 'survey', 'course', 'vehicle', 'building', 'device', 'password', 'incident', 'recipe'],
];
const toolsEach = 100;
const queries = [
  'approve an invoice',
  'which comments were made on the contract',
  'shipmnet attachment',
  'create ticket',
  'archive old reports of a project',
  'who owns the vehicle',
  'set a reminder for the meeting with the customer',
  'delete',
];

export async function search(report, { gateway: built, searches }) {
  const workshop = createWorkshop(built);
  const servers = Object.fromEntries(topics.map((topic) => [`${topic}s`, stdioServer(program, topic, `${toolsEach}`)]));
  let at = 0;
  const ask = (gateway) => () => gateway.callTool('search_tools', { query: queries[at++ % queries.length] });
  try {
    const teacher = workshop.gateway(servers);
    await teacher.initialize();
    for (const server of Object.keys(servers)) {
      await teacher.callTool('get_server_tools', { server, detail: 'names', pattern: 'none' });
    }
    await teacher.close();

    // Another process: it knows the tools from disk, and starts no server.
    const gateway = workshop.gateway(servers);
    await gateway.initialize();
    await gateway.callTool('list_servers', {});
    const [first] = await timeCalls(ask(gateway), 1);
    const { structuredContent } = await gateway.callTool('search_tools', { query: queries[0] });
    if (structuredContent.not_searched !== undefined) throw new Error('the tools of some servers are not known');
    const times = await timeCalls(ask(gateway), searches);
    await gateway.close();

    report.title(`search_tools over ${topics.length * toolsEach} tools of ${topics.length} servers`);
    report.row('the first one, which makes the index', first, 'ms');
    report.row('the others, p50', median(times), 'ms');
    report.row('the others, p95', percentile(times, 0.95), 'ms', { atMost: 50 });
  } finally {
    workshop.remove();
  }
}
