// Owns the cost of direct mode: a call by its own name beside one through `execute_tool`, and a list of many tools.
import { fileURLToPath } from 'node:url';
import { createWorkshop, direct, echoProgram, stdioServer, straight, throughGateway } from '../contestants.mjs';
import { inTurn, mapValues, median, medianRatio, timeCalls } from '../measure.mjs';

const manyTools = fileURLToPath(new URL('../servers/many-tools.mjs', import.meta.url));
const topics = Array.from({ length: 20 }, (_, index) => `topic${index + 1}`);
const toolsEach = 100;

export async function directMode(report, settings) {
  await calls(report, settings);
  await lists(report, settings);
}

async function calls(report, { gateway: built, warmUp, rounds, calls: count }) {
  const workshop = createWorkshop(built);
  const gateway = workshop.gateway({ echo: { ...stdioServer(echoProgram), expose: 'direct' } });
  const server = direct();
  try {
    for (const client of [gateway, server]) await client.initialize();
    await gateway.request('tools/list');
    const byName = () => gateway.callTool('echo__echo', { message: 'hello' });
    const contestants = {
      'by its own name': byName,
      execute_tool: throughGateway(gateway, 'echo'),
      direct: straight(server),
    };
    for (const call of Object.values(contestants)) await timeCalls(call, warmUp, 8);
    const figures = await inTurn(
      mapValues(contestants, (call) => () => timeCalls(call, count)),
      rounds,
    );
    const medians = mapValues(figures, (samples) => samples.map(median));
    report.title(`Direct mode, one call at a time over stdio (${rounds} × ${count} calls)`);
    for (const [name, values] of Object.entries(medians)) report.row(`${name}, p50`, median(values), 'ms');
    report.row('by its own name / execute_tool', medianRatio(medians['by its own name'], medians.execute_tool), '×', {
      atMost: 1.1,
    });
    report.row('by its own name / direct', medianRatio(medians['by its own name'], medians.direct), '×');
  } finally {
    for (const each of [gateway, server]) await each.close();
    workshop.remove();
  }
}

async function lists(report, { gateway: built, rounds }) {
  const workshop = createWorkshop(built);
  const servers = Object.fromEntries(
    topics.map((topic) => [topic, { ...stdioServer(manyTools, topic, `${toolsEach}`), expose: 'direct' }]),
  );
  try {
    const teacher = workshop.gateway(servers);
    await teacher.initialize();
    for (const server of topics)
      await teacher.callTool('get_server_tools', { server, detail: 'names', pattern: 'none' });
    await teacher.close();

    // Another process: it knows the tools from disk, and starts no server.
    const gateway = workshop.gateway(servers);
    await gateway.initialize();
    const list = () => gateway.request('tools/list');
    const [first] = await timeCalls(list, 1);
    const { tools } = await list();
    if (tools.length < topics.length * toolsEach) throw new Error(`only ${tools.length} tools are listed`);
    const times = await timeCalls(list, rounds * 5);
    await gateway.close();
    report.title(`Direct mode, tools/list of ${tools.length} tools`);
    report.row('the first one', first, 'ms', { atMost: 500 });
    report.row('the others, p50', median(times), 'ms');
  } finally {
    workshop.remove();
  }
}
