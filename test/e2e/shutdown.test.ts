// Whatever ends the gateway, no process of any server's tree outlives it for long.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { execPath } from 'node:process';
import { describe, expect, type TestContext, test } from 'vitest';
import { doomedHosts, ends } from '../helpers/doomed-hosts.ts';
import type { GatewayProcess } from '../helpers/gateway-process.ts';
import type { Home } from '../helpers/home.ts';
import { type FoundProcess, processesOf } from '../helpers/processes.ts';
import { fixtureServer, mainFile } from '../helpers/programs.ts';
import { Stage, until } from '../helpers/stage.ts';

/** What is promised: 5 s for the trees, and 2 s until the end of the parent is noticed. */
const promisedMs = 8000;

/** A stage for each test: they run side by side, since most of them wait. */
function newStage({ onTestFinished }: TestContext): Stage {
  const stage = new Stage();
  onTestFinished(() => stage.close());
  return stage;
}

interface Scene {
  readonly stage: Stage;
  readonly home: Home;
  readonly mark: string;
}

let marks = 0;

/** `all`: also trees that do not end when asked, and have to be killed; that takes the gateway some seconds. */
function scene(context: TestContext, trees: 'all' | 'gentle' = 'all'): Scene {
  const stage = newStage(context);
  const mark = `portico-shutdown-${process.pid}-${++marks}`;
  const env = { PORTICO_TEST_MARK: mark };
  const stubborn = trees === 'all' ? ['stubborn'] : [];
  const servers = {
    gentle: { ...fixtureServer('grandchildren', '3'), env },
    other: { ...fixtureServer('grandchildren', '2', ...stubborn), env, maxResultBytes: 16_000_000 },
    hanging: { ...fixtureServer('hang', ...stubborn), env },
  };
  stage.own(() => {
    for (const { pid } of processesOf(mark)) process.kill(pid, 'SIGKILL');
  });
  return { stage, home: stage.home({ servers }), mark };
}

/** Starts every tree: one is in the middle of a call, one never gets through its handshake. */
async function busy(gateway: GatewayProcess, mark: string): Promise<FoundProcess[]> {
  gateway.callTool('execute_tool', { server: 'hanging', tool: 'x' }).catch(() => undefined);
  expect(await gateway.executeText('other', 'echo', {})).toBe('{}');
  expect(await gateway.executeText('gentle', 'echo', {})).toBe('{}');
  gateway.callTool('execute_tool', { server: 'gentle', tool: 'slow', args: { ms: 600_000 } }).catch(() => undefined);
  // 4 and 3 in a row, 1 that hangs.
  return await until(() => {
    const found = processesOf(mark);
    return found.length >= 8 ? found : undefined;
  });
}

async function expectAllGone(mark: string): Promise<void> {
  const giveUpAt = Date.now() + promisedMs;
  let left = processesOf(mark);
  while (left.length > 0 && Date.now() < giveUpAt) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    left = processesOf(mark);
  }
  expect(left.map(({ command }) => command)).toEqual([]);
}

// Only Linux shows the environment of processes, by which they are found.
describe.skipIf(process.platform !== 'linux').concurrent('in the middle of calls', () => {
  test('E38: the end of stdin ends everything', async (context) => {
    const { stage, home, mark } = scene(context);
    const gateway = await stage.gateway(home);
    await busy(gateway, mark);
    expect(await gateway.stop()).toBe(0);
    await expectAllGone(mark);
  });

  test.for([
    { signal: 'SIGTERM', trees: 'all' },
    { signal: 'SIGINT', trees: 'gentle' },
  ] as const)('E38: $signal ends everything', async ({ signal, trees }, context) => {
    const { stage, home, mark } = scene(context, trees);
    const gateway = await stage.gateway(home);
    await busy(gateway, mark);
    gateway.signal(signal);
    expect(await gateway.exited).toEqual({ code: 0, signal: null });
    await expectAllGone(mark);
  });

  test('E38: a gateway that is killed takes everything with it', async (context) => {
    const { stage, home, mark } = scene(context);
    const gateway = await stage.gateway(home);
    await busy(gateway, mark);
    gateway.signal('SIGKILL');
    await gateway.exited;
    await expectAllGone(mark);
  });

  test('E38: a host that is killed takes everything with it, although somebody else holds the pipe open', async (context) => {
    const { home, mark } = scene(context, 'gentle');
    // The host starts the gateway and a helper that keeps the write end of the gateway's stdin, as forked helpers do.
    const host = home.write(
      'host.mjs',
      `import { spawn } from 'node:child_process';
       const gateway = spawn(${JSON.stringify(execPath)}, [${JSON.stringify(mainFile)}], { stdio: ['pipe', 'inherit', 'ignore'] });
       spawn(${JSON.stringify(execPath)}, ['-e', 'setInterval(() => undefined, 1000)'], {
         stdio: ['ignore', 'ignore', 'ignore', gateway.stdin], detached: true,
       });
       process.stdin.pipe(gateway.stdin);`,
    );
    const child = spawn(execPath, [host], { env: { ...home.env, PORTICO_TEST_MARK: mark }, cwd: home.directory });
    const exited = once(child, 'exit');
    const call = { name: 'execute_tool', arguments: { server: 'gentle', tool: 'pid' } };
    child.stdin.write(
      `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {} } })}\n`,
    );
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: call })}\n`);
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await until(() => said.includes('"id":2'));
    const isOurs = ({ command }: FoundProcess) => command.includes('fixtures/servers') || command.includes(mainFile);
    expect(processesOf(mark).filter(isOurs).length).toBeGreaterThanOrEqual(5);
    child.kill('SIGKILL');
    await exited;
    const giveUpAt = Date.now() + promisedMs;
    while (processesOf(mark).some(isOurs) && Date.now() < giveUpAt)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(processesOf(mark).filter(isOurs)).toEqual([]);
  });

  test(`E38: hosts that end in the middle of a call (${ends.join(', ')}) leave nothing`, async (context) => {
    const hosts = doomedHosts(newStage(context));
    await hosts.start(ends);
    expect(hosts.running().length).toBeGreaterThanOrEqual(6 * ends.length);
    hosts.end();
    expect(await hosts.leftAfter(promisedMs)).toEqual([]);
  });

  test('E38: a host that no longer reads does not keep the gateway from ending', async (context) => {
    const { stage, home, mark } = scene(context, 'gentle');
    const gateway = await stage.gateway(home);
    await busy(gateway, mark);
    gateway.stopReading();
    gateway
      .callTool('execute_tool', { server: 'other', tool: 'big', args: { size: 8_000_000 } })
      .catch(() => undefined);
    gateway.signal('SIGTERM');
    const clock = setTimeout(() => gateway.signal('SIGKILL'), promisedMs);
    await until(() => processesOf(mark).length === 0);
    await gateway.exitCode;
    clearTimeout(clock);
    expect(await gateway.exitCode).toBe(0);
  });

  test('E43: of 20 servers none runs before it is called, and then that one alone', async (context) => {
    const stage = newStage(context);
    const mark = `portico-many-${process.pid}`;
    const names = Array.from({ length: 20 }, (_, index) => `s${index}`);
    const entry = { ...fixtureServer('echo'), env: { PORTICO_TEST_MARK: mark } };
    const home = stage.home({ servers: Object.fromEntries(names.map((name) => [name, entry])) });
    const gateway = await stage.gateway(home);
    await gateway.request('tools/list');
    expect((await gateway.value('list_servers')).servers).toHaveLength(20);
    expect(processesOf(mark)).toEqual([]);
    const pid = Number(await gateway.executeText('s7', 'pid'));
    expect(processesOf(mark)).toEqual([expect.objectContaining({ pid })]);
  });

  test('an answer that is on its way when stdin ends arrives whole', async (context) => {
    const stage = newStage(context);
    const echo = { ...fixtureServer('echo'), maxResultBytes: 32_000_000 };
    const gateway = await stage.gateway(stage.home({ servers: { echo } }));
    const size = 12_000_000;
    gateway.callTool('execute_tool', { server: 'echo', tool: 'big', args: { size } }).catch(() => undefined);
    await until(() => gateway.stdout.includes('"id":2,'));
    expect(await gateway.stop()).toBe(0);
    expect(gateway.stdout.length).toBeGreaterThan(size);
    expect(gateway.stdout.endsWith('}\n')).toBe(true);
  });

  test('a command ends its servers too', async (context) => {
    const { stage, home, mark } = scene(context, 'gentle');
    const call = await stage.run(home, ['call', 'other', 'echo', '{"a":1}', '--json']);
    expect(call).toMatchObject({ code: 0 });
    expect(call.json()).toEqual({ content: [{ type: 'text', text: '{"a":1}' }] });
    await expectAllGone(mark);
  });
});

test.concurrent.for(['SIGTERM', 'SIGINT'] as const)(
  '%s ends a gateway in order that has used a login, and so its lock files',
  async (signal, context) => {
    const stage = newStage(context);
    const { server } = await stage.protectedPair();
    const home = stage.home({ servers: { crm: { url: server.url } }, browser: 'approves' });
    const gateway = await stage.gateway(home);
    await gateway.execute('crm', 'whoami');
    gateway.signal(signal);
    expect(await gateway.exited).toEqual({ code: 0, signal: null });
    expect(home.files().filter((path) => path.endsWith('.lock'))).toEqual([]);
  },
);

test.concurrent('a gateway with an open login ends at once, and the next one begins its own', async (context) => {
  const stage = newStage(context);
  const { server } = await stage.protectedPair();
  const home = stage.home({ servers: { crm: { url: server.url } } });
  const first = await stage.gateway(home);
  const one = await first.failure('execute_tool', { server: 'crm', tool: 'whoami' });
  expect(one).toMatchObject({ code: 'AUTH_REQUIRED' });
  expect(await first.stop()).toBe(0);
  const second = await stage.gateway(home);
  const two = await second.failure('execute_tool', { server: 'crm', tool: 'whoami' });
  expect(two).toMatchObject({ code: 'AUTH_REQUIRED' });
  expect(two.login_url).not.toBe(one.login_url);
});
