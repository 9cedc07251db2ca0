// `portico status` beside gateways that run, and after one that was killed.
import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import type { Json } from '../helpers/json-rpc-process.ts';
import { fixtureServer } from '../helpers/programs.ts';
import { Stage, until } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());

test('E42: status shows what each running gateway holds; one that ended or was killed leaves nothing', async () => {
  const home = stage.home({ servers: { files: fixtureServer('echo'), bad: fixtureServer('crash-on-start') } });
  // A file that is being written has another name for a moment, and is no record yet.
  const records = () => home.files().filter((file) => /gateways.*\.json$/.test(file));
  const gateway = await stage.gateway(home);
  await gateway.execute('files', 'echo');
  await gateway.failure('execute_tool', { server: 'bad', tool: 'x' });
  const status = async (): Promise<Json> => (await stage.run(home, ['status', '--json'])).json();
  await until(() => records().some((file) => readFileSync(file, 'utf8').includes('"failed"')));
  const found = await status();
  expect(found.servers).toMatchObject([
    { server: 'files', state: 'ready', protocol: expect.any(String) },
    { server: 'bad', state: 'failed', last_error: expect.stringContaining('cannot open database') },
  ]);
  const { pid } = gateway;
  expect(found.gateways).toMatchObject([
    {
      pid,
      client: 'test',
      servers_file: home.configFile,
      servers: [{ server: 'files', pids: [expect.any(Number)] }, { server: 'bad' }],
    },
  ]);
  expect(home.mode(records()[0] ?? '')).toBe('600');
  expect(await gateway.stop()).toBe(0);
  expect(records()).toEqual([]);

  const killed = await stage.gateway(home);
  await until(() => records().length === 1);
  killed.signal('SIGKILL');
  await killed.exited;
  const after = await status();
  expect(after.gateways).toEqual([]);
  expect(records()).toEqual([]);
});
