// A config that changes under a running gateway, as a host sees it: real files, real events, real processes.
import { renameSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { fixtureServer } from '../helpers/programs.ts';
import { Stage, until } from '../helpers/stage.ts';

const stage = new Stage();
afterAll(() => stage.close());

const echo = fixtureServer('echo');
const text = (servers: object): string => JSON.stringify({ mcpServers: servers }, null, 2);

describe('a running gateway', () => {
  test('G52: follows its files, keeps what stays, and keeps everything where a file is bad', async () => {
    const home = stage.home({ servers: { first: echo, other: echo } });
    const gateway = await stage.gateway(home, { args: ['serve', '--debug'] });
    const listed = () => gateway.value('list_servers');
    const names = async (): Promise<string[]> => (await listed()).servers.map(({ name }: { name: string }) => name);
    const pid = await gateway.executeText('first', 'pid');
    const otherPid = await gateway.executeText('other', 'pid');

    // As editors save: another file takes the place.
    const saved = home.write('saving.json', text({ first: echo, other: { ...echo, env: { A: '1' } }, third: echo }));
    renameSync(saved, home.configFile);
    await until(async () => (await names()).includes('third'));
    expect(await gateway.executeText('other', 'pid')).not.toBe(otherPid);

    writeFileSync(home.configFile, '{\n  "mcpServers": {\n    "first" {} } }');
    const { config_error } = await until(async () => {
      const value = await listed();
      return value.config_error === undefined ? undefined : value;
    });
    expect(config_error).toMatch(/^\.mcp\.json:3:\d+: is no valid JSON: /);
    expect(await names()).toEqual(['first', 'other', 'third']);
    const status = await gateway.value('get_gateway_status');
    expect(status.config.error).toBe(config_error);
    expect(status.reloads).toMatchObject([
      { outcome: 'loaded', added: ['first', 'other'] },
      { outcome: 'applied', added: ['third'], changed: ['other'] },
      { outcome: 'failed', error: config_error },
    ]);

    home.writeServers({ first: echo });
    await until(async () => (await listed()).config_error === undefined);
    expect(await names()).toEqual(['first']);
    // There was no rules file so far.
    home.writeRules({ agents: { default: { deny: { servers: ['*'] } } } });
    await until(async () => (await names()).length === 0);
    expect(await gateway.failure('execute_tool', { server: 'first', tool: 'pid' })).toMatchObject({
      code: 'DENIED_BY_POLICY',
    });
    home.writeRules({ agents: { default: { allow: { servers: ['*'] } } } });
    await until(async () => (await names()).length === 1);
    expect(await gateway.executeText('first', 'pid')).toBe(pid);
  });

  test('G52: tells a host of direct mode that its tools are others', async () => {
    const home = stage.home({ servers: { first: echo } });
    const gateway = await stage.gateway(home, { args: ['serve', '--expose', 'direct'] });
    const names = async () => (await gateway.request('tools/list')).tools.map(({ name }: { name: string }) => name);
    await until(async () => (await names()).includes('first__pid'));
    const before = gateway.messages.length;
    const isTold = (list: string): boolean =>
      gateway.messages.slice(before).some(({ method }) => method === `notifications/${list}/list_changed`);
    home.writeServers({ second: echo });
    for (const list of ['tools', 'resources', 'prompts']) await until(() => isTold(list));
    await until(async () => (await names()).includes('second__pid'));
    expect(await names()).not.toContain('first__pid');
  });

  test.skipIf(process.platform === 'win32')(
    'G52: reads its files again at SIGHUP where they are not watched, also the first that can be used, and ends with stdin',
    async () => {
      const home = stage.home();
      writeFileSync(home.configFile, '{');
      const gateway = await stage.gateway(home, { env: { GATEWAY_WATCH: 'off' } });
      expect(await gateway.failure('list_servers')).toMatchObject({ code: 'CONFIG_INVALID' });
      home.writeServers({ first: echo });
      expect(await gateway.failure('list_servers')).toMatchObject({ code: 'CONFIG_INVALID' });
      gateway.signal('SIGHUP');
      await until(async () => !(await gateway.callTool('list_servers')).isError);
      expect(await gateway.executeText('first', 'echo', {})).toBe('{}');
      expect(await gateway.stop()).toBe(0);
    },
  );
});
