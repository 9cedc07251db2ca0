// The image of the Dockerfile as it runs, without an engine: other user, read-only root, config and volume mounted, no
// port published.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type ContainerCommand, ContainerImage, noContainer } from '../helpers/container.ts';
import { JsonRpcProcess } from '../helpers/json-rpc-process.ts';
import { root } from '../helpers/programs.ts';
import { noSealedNetwork, SealedNetwork } from '../helpers/sealed-network.ts';
import { Stage, until } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());

const obstacle = noContainer ?? noSealedNetwork;
const whoami = { server: 'crm', tool: 'whoami' };

describe.skipIf(obstacle !== undefined)(`a container of the image ${obstacle ?? ''}`, () => {
  let image: ContainerImage;
  beforeAll(() => {
    image = new ContainerImage();
  }, 120_000);
  afterAll(() => image.close());

  /** What the host has: a folder with the config, and one for the volume, which `docker run -v` makes as root. */
  function mounts(servers: object) {
    const home = stage.home();
    const places = { config: join(home.directory, 'config'), volume: join(home.directory, 'volume') };
    for (const place of Object.values(places)) mkdirSync(place);
    for (const file of ['echo.mjs', 'echo-tools.mjs', 'json-rpc.mjs']) {
      copyFileSync(join(root, 'fixtures', 'servers', file), join(places.config, file));
    }
    writeFileSync(join(places.config, 'mcp.json'), JSON.stringify({ mcpServers: servers }));
    return places;
  }
  const local = { local: { command: 'node', args: ['/config/echo.mjs'] } };
  const giveToUser = ({ volume }: { volume: string }): void => chownSync(volume, 1000, 1000);
  const loginsOf = ({ volume }: { volume: string }): string[] => {
    const directory = join(volume, 'tokens');
    return readdirSync(directory).flatMap((name) => (/^[0-9a-f]{32}\.json$/.test(name) ? [join(directory, name)] : []));
  };

  async function sealed(): Promise<SealedNetwork> {
    const network = await SealedNetwork.open();
    stage.own(() => network.close());
    return network;
  }

  async function serve({ command, args, env }: ContainerCommand): Promise<JsonRpcProcess> {
    const gateway = new JsonRpcProcess({ command, args, env, cwd: '/' });
    stage.own(() => gateway.stop());
    await gateway.initialize();
    return gateway;
  }

  function start({ command, args, env }: ContainerCommand) {
    const child: ChildProcess = spawn(command, args, { env, cwd: '/' });
    stage.own(() => child.kill('SIGKILL'));
    const run = { output: '', ended: once(child, 'close').then(([code]) => code as number | null), child };
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        run.output += text;
      });
    }
    return run;
  }

  const within = (network: SealedNetwork, { command, args, env }: ContainerCommand): ContainerCommand => ({
    ...network.inside(command, args),
    env,
  });

  test('is another user without capabilities, who can write to /tmp and the volume and nowhere else', async () => {
    const places = mounts({});
    giveToUser(places);
    const tries = `const fs = require('fs'), tried = {};
      for (const at of ['/', '/opt/portico', '/opt/portico/dist', '/config', '/etc', '/usr/local/bin', '/tmp', '/data']) {
        try { fs.writeFileSync(at + '/try', ''); tried[at] = 'written'; } catch (error) { tried[at] = error.code; }
      }
      fs.mkdirSync(process.env.HOME);
      fs.writeFileSync(process.env.HOME + '/fetched', '#!/bin/sh\\nexit 7', { mode: 0o755 });
      const fetched = require('child_process').spawnSync(process.env.HOME + '/fetched').status;
      const status = fs.readFileSync('/proc/self/status', 'utf8');
      console.log(JSON.stringify({ tried, fetched, status, ids: [process.getuid(), process.getgid(), process.getgroups()] }));`;
    const run = start(image.exec(places, ['node', '-e', tries]));
    expect(await run.ended).toBe(0);
    const { tried, fetched, status, ids } = JSON.parse(run.output);
    // As npx does with what it fetched.
    expect(fetched).toBe(7);
    expect(ids).toEqual([1000, 1000, [1000]]);
    expect(status).toMatch(/^CapEff:\t0+$/m);
    expect(status).toMatch(/^CapBnd:\t0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    const { '/tmp': tmp, '/data': data, ...others } = tried;
    expect([tmp, data]).toEqual(['written', 'written']);
    expect(new Set(Object.values(others))).toEqual(new Set(['EROFS']));
  });

  test('C23, C24: portico login by paste alone; the login is on the volume, mode 0600, and the next container uses it', async () => {
    const network = await sealed();
    const places = mounts({ crm: { url: network.url }, ...local });
    giveToUser(places);
    const login = start(within(network, image.run(places, ['login', 'crm'])));
    const callback = await network.browse(await until(() => /http:\S+\/authorize\S+/.exec(login.output)?.[0]));
    await expect(fetch(callback)).rejects.toThrow('fetch failed');
    login.child.stdin?.write(`${callback}\n`);
    expect(await login.ended).toBe(0);

    const [file = '', ...others] = loginsOf(places);
    expect(others).toEqual([]);
    expect(statSync(file)).toMatchObject({ uid: 1000, gid: 1000 });
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
    expect((statSync(join(file, '..')).mode & 0o777).toString(8)).toBe('700');

    const gateway = await serve(within(network, image.run(places)));
    const called = await gateway.callTool('execute_tool', whoami);
    expect(called.structuredContent).toMatchObject({ subject: 'alice' });
    const echoed = await gateway.callTool('execute_tool', { server: 'local', tool: 'echo', args: { text: 'hi' } });
    expect(JSON.stringify(echoed.content)).toContain('hi');
    expect(await gateway.stop()).toBe(0);
    // Written in batches, and whole at the end.
    expect(readFileSync(join(places.volume, 'state', 'portico', 'audit.jsonl'), 'utf8')).toContain('"whoami"');
  });

  test('C24: a volume of root is a loud warning with the uid and the command that mends it, and does, while it runs', async () => {
    const network = await sealed();
    const places = mounts({ crm: { url: network.url } });
    const gateway = await serve(within(network, image.run(places)));
    const line = await until(() => gateway.stderr.split('\n').find((text) => text.includes('logins cannot be saved')));
    const fix = 'sudo chown -R 1000:1000 HOST_DIRECTORY';
    expect(JSON.parse(line)).toMatchObject({
      level: 'warn',
      fix,
      msg: expect.stringMatching(/\/data\/tokens cannot be written by uid 1000:1000: .*\/data: owner 0:0/),
    });
    expect(JSON.parse(line).msg).toContain(fix);

    giveToUser(places);
    const required = (await gateway.callTool('execute_tool', whoami)).structuredContent.error;
    const callback_url = await network.browse(required.login_url);
    const finished = await gateway.callTool('login_server', { server: 'crm', callback_url });
    expect(finished.structuredContent).toMatchObject({ state: 'logged_in' });
    expect(loginsOf(places)).toHaveLength(1);
  });

  test('C24: a volume that is mounted read-only is a warning that says so', async () => {
    const places = mounts({ crm: { url: 'http://127.0.0.1:1/mcp' } });
    giveToUser(places);
    const gateway = await serve(image.run({ ...places, isVolumeReadOnly: true }));
    const line = await until(() => gateway.stderr.split('\n').find((text) => text.includes('logins cannot be saved')));
    expect(line).toContain('its file system is mounted read-only');
    expect(line).toContain('docker run -v HOST_DIRECTORY:/data/tokens');
  });

  test.each([
    ['0 for a config that can be used', local, 0],
    ['1 for one with an error', { local: { command: 5 } }, 1],
  ])('the health command exits %s', async (_, servers, code) => {
    const run = start(image.exec(mounts(servers), image.config.health));
    expect([await run.ended, run.output]).toEqual([code, expect.stringContaining('/config/mcp.json')]);
  });
});
