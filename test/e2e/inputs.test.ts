// Values that were asked for, in a gateway that runs: without one its server alone fails, and one that is given by another
// process is used without a restart.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the syntax of the config.
import { writeFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { fixtureServer } from '../helpers/programs.ts';
import { Stage, until } from '../helpers/stage.ts';
import { hasTerminals, runInTerminal } from '../helpers/terminal-run.ts';

const stage = new Stage();
afterEach(() => stage.close());

const inputs = [
  { id: 'token', type: 'promptString', description: 'The token', password: true },
  { id: 'region', type: 'pickString', options: ['eu', 'us'], default: 'eu' },
];

test.skipIf(!hasTerminals)(
  'A12: a value that is given at a terminal is used by a running gateway, and shown by nobody',
  async () => {
    const home = stage.home();
    const asking = { ...fixtureServer('echo'), env: { ECHO_TOKEN: '${input:token}', REGION: '${input:region}' } };
    writeFileSync(home.configFile, JSON.stringify({ inputs, servers: { echo: asking, plain: fixtureServer('echo') } }));
    const gateway = await stage.gateway(home);
    expect(await gateway.listed('echo')).toMatchObject({
      state: 'failed',
      hint: expect.stringContaining('portico login echo'),
    });
    const refused = await gateway.failure('execute_tool', { server: 'echo', tool: 'echo', args: {} });
    expect(refused).toMatchObject({ code: 'SERVER_UNAVAILABLE', message: expect.stringContaining('env.ECHO_TOKEN') });
    expect(await gateway.executeText('plain', 'echo', {})).toBe('{}');

    const login = await runInTerminal(
      home,
      ['login', 'echo'],
      [
        ['The token', 'canary-in-value\r'],
        ['region', '\r'],
      ],
    );
    expect(login).toMatchObject({ code: 0, shown: expect.stringContaining('has every value that it needs') });
    await until(async () => (await gateway.listed('echo'))['state'] !== 'failed');
    expect(await gateway.executeText('echo', 'echo', {})).toBe('{}');

    expect(await stage.run(home, ['logout', 'echo'])).toMatchObject({ code: 0 });
    await until(async () => (await gateway.listed('echo'))['state'] === 'failed');
    expect(login.shown + gateway.stderr).not.toContain('canary');
  },
);
