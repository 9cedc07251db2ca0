// Owns the calls that hosts make, each with what has to come of it. Knows nothing of what is done to servers meanwhile.
import { extras, toggledTool } from './world.mjs';

/** Servers with the echo tools that always work. */
export const echoServers = ['echo', 'tree', 'modern', 'wide', 'sleepy', 'web', 'modern-web'];
/** What has to work again when the storm is over. */
export const goodServers = [...echoServers, 'narrow', 'crm'];
/** Those over stdio whose processes are killed. */
export const killable = ['echo', 'tree', 'modern', 'wide', 'narrow', 'sleepy'];
const largeKey = 'mcp-portico/large-result';

/**
 * One kind of call. `run` gives what the judge needs.
 * @typedef {{ name: string, weight: number, run: (scene: Scene) => Promise<Made> | Made }} CallKind
 * @typedef {{ host: import('./host.mjs').Host, random: any, world: any, keepsUp: boolean }} Scene
 * @typedef {{ server?: string, answer: any, expected: readonly string[], check?: (answer: any) => string | undefined }} Made
 */

const execute = ({ host }, server, tool, args, options) => host.tool('execute_tool', { server, tool, args }, options);
const different = (found, wanted) =>
  found === wanted
    ? undefined
    : `"${String(found).slice(0, 200)}" where "${String(wanted).slice(0, 200)}" was expected`;
const textOf = ({ result }) => result.content?.[0]?.text;

/** @type {readonly CallKind[]} */
export const callKinds = [
  { name: 'echo', weight: 30, run: (scene) => echo(scene, scene.random.pick(echoServers)) },
  { name: 'burst', weight: 3, run: burst },
  { name: 'with a login', weight: 16, run: withLogin },
  { name: 'slow', weight: 6, run: slow },
  { name: 'progress', weight: 6, run: progress },
  { name: 'cancelled', weight: 8, run: cancelled },
  { name: 'too slow', weight: 3, run: tooSlow },
  { name: 'large, in pages', weight: 4, run: inPages },
  { name: 'large, whole', weight: 1, run: whole },
  { name: 'failing tool', weight: 3, run: failing },
  { name: 'refused by the server', weight: 2, run: refused },
  { name: 'crash on call', weight: 2, run: crashing },
  { name: 'server that cannot start', weight: 1, run: unavailable },
  { name: 'unknown names', weight: 2, run: unknown },
  { name: 'denied', weight: 2, run: denied },
  { name: 'bad arguments', weight: 1, run: bad },
  { name: 'lists', weight: 6, run: lists },
  { name: 'tool that rules let go', weight: 3, run: toggled },
  { name: 'server that comes and goes', weight: 6, run: comesAndGoes },
];

/** @param {Scene} scene */
export async function echo(scene, server) {
  const { random } = scene;
  const args = { message: 'é☃🚀'.repeat(random.between(0, 300)), number: random.between(-1e9, 1e9), nothing: null };
  const answer = await execute(scene, server, 'echo', args);
  return { server, answer, expected: ['answered'], check: (given) => different(textOf(given), JSON.stringify(args)) };
}

async function burst(scene) {
  const server = scene.random.pick(['echo', 'web', 'modern-web']);
  const made = await Promise.all(Array.from({ length: 16 }, () => echo(scene, server)));
  // The one to be judged is the worst.
  return (
    made.find(({ answer, check }) => answer.kind !== 'result' || answer.result.isError || check(answer)) ?? made[0]
  );
}

async function withLogin(scene) {
  const [a, b] = [scene.random.between(0, 99), scene.random.between(0, 99)];
  const [tool, args, sum] = scene.random.chance(0.5) ? ['whoami', {}] : ['add', { a, b }, a + b];
  const answer = await execute(scene, 'crm', tool, args);
  const check = ({ result: { structuredContent: value } }) =>
    sum === undefined ? different(value?.subject, 'alice') : different(value?.sum, sum);
  return { server: 'crm', answer, expected: ['answered'], check };
}

async function slow(scene) {
  const server = scene.random.pick(echoServers);
  const answer = await execute(scene, server, 'slow', { ms: scene.random.between(20, 800) });
  return { server, answer, expected: ['answered'] };
}

async function progress(scene) {
  const server = scene.random.pick(echoServers);
  const steps = scene.random.between(2, 8);
  const args = { ms: scene.random.between(200, 600), progress: steps };
  const answer = await execute(scene, server, 'slow', args, { progress: true });
  const inOrder = (given) => {
    const seen = given.progress.filter(({ total }) => total === steps).map((params) => params.progress);
    if (seen.some((value, index) => index > 0 && value <= seen[index - 1]))
      return `progress went back: ${seen.join(' ')}`;
    // A busy server may answer before it has told its last steps.
    return seen.length === 0 ? 'no progress at all' : undefined;
  };
  return { server, answer, expected: ['answered'], check: inOrder };
}

async function cancelled(scene) {
  const server = scene.random.pick([...echoServers, 'crm']);
  const [tool, args] = server === 'crm' ? ['whoami', {}] : ['slow', { ms: 3000 }];
  const answer = await execute(scene, server, tool, args, { cancelAfterMs: scene.random.between(0, 300) });
  // One that was answered first was too fast for us.
  return { server, answer, expected: ['cancelled', 'answered'] };
}

async function tooSlow(scene) {
  const server = scene.random.pick(echoServers);
  const args = { server, tool: 'slow', args: { ms: 8000 }, timeout_ms: scene.random.between(50, 300) };
  return { server, answer: await scene.host.tool('execute_tool', args), expected: ['TIMEOUT'] };
}

async function inPages(scene) {
  const size = scene.random.between(21_000, 120_000);
  const answer = await execute(scene, 'narrow', 'big', { size });
  if (answer.kind !== 'result' || answer.result.isError) return { server: 'narrow', answer, expected: ['answered'] };
  let page = answer;
  let length = 0;
  for (;;) {
    length += textOf(page)?.length ?? 0;
    const { result_id: id, end, length: total } = page.result._meta?.[largeKey] ?? {};
    // Now and then a reader loses interest.
    if (end === undefined || end >= total || scene.random.chance(0.1)) break;
    page = await scene.host.tool('read_result', { result_id: id, offset: end });
    if (page.kind !== 'result' || page.result.isError) return { answer: page, expected: ['answered'] };
  }
  const { end } = page.result._meta?.[largeKey] ?? {};
  return { server: 'narrow', answer: page, expected: ['answered'], check: () => different(length, end) };
}

async function whole(scene) {
  const size = scene.random.between(500_000, 3_000_000);
  const answer = await execute(scene, 'wide', 'big', { size });
  return { server: 'wide', answer, expected: ['answered'], check: (given) => different(textOf(given)?.length, size) };
}

async function failing(scene) {
  const server = scene.random.pick(echoServers);
  const check = (given) => different(textOf(given), 'it went wrong');
  return { server, answer: await execute(scene, server, 'error', {}), expected: ['tool error'], check };
}

async function refused(scene) {
  const server = scene.random.pick(echoServers);
  const answer = await execute(scene, server, 'refuse', { code: -32001 });
  const check = ({ result }) =>
    result.structuredContent.error.message.includes('refused as asked')
      ? undefined
      : JSON.stringify(result).slice(0, 300);
  return { server, answer, expected: ['SERVER_UNAVAILABLE'], check };
}

async function crashing(scene) {
  return { server: 'fragile', answer: await execute(scene, 'fragile', 'die', {}), expected: ['SERVER_UNAVAILABLE'] };
}

async function unavailable(scene) {
  const server = scene.random.pick(['broken', 'absent']);
  return { server, answer: await execute(scene, server, 'echo', {}), expected: ['SERVER_UNAVAILABLE'] };
}

async function unknown(scene) {
  if (scene.random.chance(0.5)) {
    return { answer: await execute(scene, 'no-such-server', 'echo', {}), expected: ['SERVER_NOT_FOUND'] };
  }
  return { server: 'echo', answer: await execute(scene, 'echo', 'no_such_tool', {}), expected: ['TOOL_NOT_FOUND'] };
}

async function denied(scene) {
  return { answer: await execute(scene, 'hidden', 'echo', {}), expected: ['DENIED_BY_POLICY'] };
}

async function bad({ host, random }) {
  const args = random.pick([{ server: 'echo' }, { tool: 'echo' }, { server: 'echo', tool: 'echo', args: 7 }]);
  return { answer: await host.tool('execute_tool', args), expected: ['INVALID_ARGUMENTS'] };
}

async function lists({ host, random }) {
  const look = random.pick(['servers', 'tools', 'search', 'native']);
  if (look === 'native') {
    const answer = await host.request('tools/list');
    const check = ({ result }) =>
      result.tools.some(({ name }) => name === 'list_servers') ? undefined : 'no list_servers';
    return { answer, expected: ['answered'], check };
  }
  if (look === 'tools') {
    const server = random.pick(echoServers);
    const answer = await host.tool('get_server_tools', { server, detail: 'names' });
    const check = ({ result }) => (result.structuredContent.total_available >= 12 ? undefined : 'not all tools');
    return { server, answer, expected: ['answered'], check };
  }
  if (look === 'search')
    return { answer: await host.tool('search_tools', { query: 'echo arguments' }), expected: ['answered'] };
  const answer = await host.tool('list_servers', { include_metadata: random.chance(0.5) });
  const check = ({ result }) => {
    const names = result.structuredContent.servers.map(({ name }) => name);
    const missing = goodServers.filter((name) => !names.includes(name));
    if (names.includes('hidden')) return 'a denied server is listed';
    return missing.length === 0 ? undefined : `not listed: ${missing.join(', ')}`;
  };
  return { answer, expected: ['answered'], check };
}

/** What may hold for this host: whatever stood in the files lately, or when it read them. */
function statesFor({ host, world, keepsUp }, from) {
  return keepsUp ? world.statesBetween(from, Date.now()) : world.statesBetween(host.startedAt, host.readyAt);
}

async function toggled(scene) {
  const { server, tool } = toggledTool;
  const from = Date.now();
  const answer = await execute(scene, server, tool, {});
  const outcomes = statesFor(scene, from).map(({ isToggledOff }) => (isToggledOff ? 'DENIED_BY_POLICY' : 'answered'));
  return { server, answer, expected: [...new Set(outcomes)] };
}

async function comesAndGoes(scene) {
  const server = scene.random.pick(extras);
  const from = Date.now();
  const answer = await execute(scene, server, 'echo', {});
  const states = statesFor(scene, from);
  const revisions = new Set(states.map((state) => state.extras[server]));
  const outcomes = [...revisions].map((revision) => (revision === undefined ? 'SERVER_NOT_FOUND' : 'answered'));
  // The server was taken away, or became another one, under the call.
  const under = revisions.size > 1 ? ['SERVER_UNAVAILABLE', 'CANCELLED'] : [];
  return { server, answer, expected: [...new Set([...outcomes, ...under])] };
}
