// A config file that was only found, in the directory of a cloned repository: what it could start is told, and nothing of
// it is started before `portico trust`.
import { readFileSync, realpathSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import type { Home } from '../helpers/home.ts';
import type { Json } from '../helpers/json-rpc-process.ts';
import { fixtureServer } from '../helpers/programs.ts';
import { Stage } from '../helpers/stage.ts';
import { hasTerminals, runInTerminal } from '../helpers/terminal-run.ts';

const stage = new Stage();
afterEach(() => stage.close());

const echo = fixtureServer('echo');

/** One whose servers file is in the working directory, and named by nobody. */
function clonedHome(): Home {
  return stage.home({
    servers: { echo: { ...echo, env: { SECRET: 'canary-in-env' } }, notes: { url: 'https://notes.example/mcp' } },
    env: { GATEWAY_MCP_CONFIG: '' },
  });
}

function recordOf(home: Home): Json {
  const [path = ''] = home.files().filter((file) => file.endsWith('trusted.json'));
  return JSON.parse(readFileSync(path, 'utf8'));
}

test('H58: a gateway in a cloned repository starts nothing of its file; every answer says what it would start', async () => {
  const home = clonedHome();
  const gateway = await stage.gateway(home);
  for (const [name, args] of [
    ['list_servers', {}],
    ['execute_tool', { server: 'echo', tool: 'echo', args: {} }],
  ] as const) {
    const { code, message, hint } = await gateway.failure(name, args);
    expect(code).toBe('CONFIG_INVALID');
    expect(message).toContain('is not trusted');
    expect(message).toContain('echo.mjs');
    expect(message).toContain('https://notes.example/mcp');
    expect(message).not.toContain('canary');
    expect(hint).toContain('portico trust');
  }
  expect(await gateway.stop()).toBe(2);
  expect(await stage.run(home, ['trust', '--yes'])).toMatchObject({ code: 0 });
  const trusting = await stage.gateway(home);
  expect(await trusting.executeText('echo', 'echo', {})).toBe('{}');
});

test.skipIf(!hasTerminals)('H58: at a terminal, only a yes is one', async () => {
  const home = clonedHome();
  const answered = (answer: string) => runInTerminal(home, ['trust'], [['May Portico use this?', answer]]);
  expect(await answered('\r')).toMatchObject({ code: 1, shown: expect.stringContaining('Nothing was changed.') });
  expect(await answered('y')).toMatchObject({ code: 0, shown: expect.stringContaining('Trusted, as it is now.') });
  expect(Object.keys(recordOf(home).files)).toEqual([realpathSync(home.configFile)]);
});
