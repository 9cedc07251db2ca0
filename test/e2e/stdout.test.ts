// stdout of `serve` is JSON-RPC and nothing else, whoever prints.
import { afterEach, expect, test } from 'vitest';
import type { GatewayProcess } from '../helpers/gateway-process.ts';
import { fixtureServer } from '../helpers/programs.ts';
import { Stage, until } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());

function expectOnlyMessages({ stdout }: GatewayProcess): void {
  expect(stdout.endsWith('\n')).toBe(true);
  const lines = stdout.slice(0, -1).split('\n');
  for (const line of lines) {
    const message = JSON.parse(line);
    expect(message).toMatchObject({ jsonrpc: '2.0' });
    expect('id' in message || 'method' in message).toBe(true);
  }
  expect(lines.length).toBeGreaterThan(3);
}

test('E39: with noisy, crashing and missing servers, failed logins, --debug and bad requests', async () => {
  const { as, server } = await stage.protectedPair();
  as.faults.metadataAs = 'html';
  const home = stage.home({
    servers: {
      noisy: fixtureServer('noisy-stdout'),
      chatter: fixtureServer('stderr-chatter'),
      crashing: fixtureServer('crash-on-start'),
      missing: { command: 'no-such-command' },
      web: { url: server.url },
      bad: { url: 'x' },
    },
  });
  const gateway = await stage.gateway(home, { args: ['serve', '--debug'] });
  expect(await gateway.executeText('noisy', 'echo', { a: 1 })).toBe('{"a":1}');
  expect(await gateway.executeText('chatter', 'echo', { a: 2 })).toBe('{"a":2}');
  expect((await gateway.value('get_server_tools', { server: 'noisy', detail: 'names' })).returned).toBe(13);
  for (const name of ['crashing', 'missing', 'web', 'bad', 'nobody']) {
    await gateway.failure('execute_tool', { server: name, tool: 'x' });
  }
  gateway.send('{ not json');
  await expect(gateway.request('no/such/method')).rejects.toMatchObject({ code: -32601 });
  expect(await gateway.stop()).toBe(0);
  expectOnlyMessages(gateway);
  // The noise of servers is kept for whoever reads the log.
  expect(gateway.stderr).toContain('Starting server...');
});

test('when other code in the process prints', async () => {
  const home = stage.home({ servers: { echo: fixtureServer('echo') } });
  // What is printed before the first line of ours has run cannot be held back: it begins right after.
  const printer = home.write(
    'printer.mjs',
    `const { write } = process.stdout;
     setInterval(() => {
       if (process.stdout.write === write) return;
       console.log('printed');
       process.stdout.write('written\\n');
     }, 5).unref();`,
  );
  const gateway = await stage.gateway(home, { nodeArgs: ['--import', printer] });
  await until(() => gateway.stderr.includes('printed\nwritten\n'));
  expect(await gateway.executeText('echo', 'echo', { a: 1 })).toBe('{"a":1}');
  expect(await gateway.request('tools/list')).toMatchObject({ tools: expect.any(Array) });
  expect(await gateway.request('ping')).toEqual({});
  expect(await gateway.stop()).toBe(0);
  expectOnlyMessages(gateway);
});

test('a host that closes stderr, or never reads it, does not stop the gateway', async () => {
  const home = stage.home({ servers: { chatter: fixtureServer('stderr-chatter', '3000000') } });
  const gateway = await stage.gateway(home, { args: ['serve', '--debug'] });
  expect(await gateway.executeText('chatter', 'echo', { a: 1 })).toBe('{"a":1}');
  gateway.closeStderr();
  expect(await gateway.executeText('chatter', 'echo', { a: 2 })).toBe('{"a":2}');
  await gateway.callTool('execute_tool', { server: 'chatter', tool: 'exit' });
  expect(await gateway.executeText('chatter', 'echo', { a: 3 })).toBe('{"a":3}');
  expect(await gateway.stop()).toBe(0);
});
