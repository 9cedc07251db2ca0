// `portico login` and `logout` with inputs, without a terminal; and that no value is ever shown.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the syntax of the config.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../config/write-config.ts';
import { runHere } from './run-here.ts';

async function scene(config: object) {
  const cwd = await temporaryDirectory();
  const file = join(cwd, 'mcp.json');
  const write = (text: object) => writeFile(file, JSON.stringify(text));
  await write(config);
  const env = { GATEWAY_AUDIT_LOG: 'off', GATEWAY_BROWSER: 'none', GATEWAY_TOKEN_DIR: join(cwd, 'logins'), HOME: cwd };
  const run = (words: readonly string[], stdin = '', more: Record<string, string> = {}) =>
    runHere([...words, '--config', file, '--json'], { cwd, env: { ...env, ...more } }, stdin);
  return { cwd, write, run, stored: join(cwd, 'logins', 'inputs.json') };
}

const token = { id: 'token', type: 'promptString', password: true, description: 'The token' };
const one = { command: 'one', env: { TOKEN: '${input:token}' } };
const same = { command: 'two', env: { TOKEN: '${input:token}', ALSO: '${input:also}' } };

test('values come as lines of stdin, are bound to what they were given for, and go with a logout', async () => {
  const { write, run, stored } = await scene({ inputs: [token], servers: { one, same } });
  const missing = await run(['login', 'one']);
  expect(missing.code).toBe(2);
  expect(JSON.parse(missing.stdout).error).toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining("'token' has no value"),
  });
  expect(await run(['login', 'one'], 'canary\n')).toMatchObject({
    code: 2,
    stdout: expect.stringContaining('line 1 of stdin'),
  });

  const given = await run(['login', '--all'], 'token=canary-1\nalso=canary-2\n');
  expect(given).toMatchObject({ code: 0 });
  expect(JSON.parse(given.stdout).servers).toEqual([
    { server: 'one', state: 'ready' },
    { server: 'same', state: 'ready' },
  ]);
  expect(readFileSync(stored, 'utf8')).toContain('canary-1');
  const texts = [missing, given, await run(['check']), await run(['status']), await run(['login', '--all'])];
  expect(texts.map(({ code }) => code)).toEqual([2, 0, 0, 0, 0]);

  // The same id and config file, and another command: nothing of what was given for the first.
  await write({ inputs: [token], servers: { one: { ...one, command: 'evil' }, same } });
  const changed = await run(['check']);
  expect(JSON.parse(changed.stdout).issues).toMatchObject([
    { server: 'one', message: expect.stringContaining('has no value') },
  ]);
  await write({ inputs: [token], servers: { one, same } });
  expect(JSON.parse((await run(['logout', 'one'])).stdout).servers).toEqual([
    { server: 'one', outcome: 'nothing', inputs_forgotten: 1 },
  ]);
  expect(readFileSync(stored, 'utf8')).toContain('canary-2');
  expect(await run(['check'])).toMatchObject({ code: 1 });
  const out = await run(['logout', '--all']);
  expect(existsSync(stored)).toBe(false);
  expect([...texts, changed, out].map(({ stdout, stderr }) => stdout + stderr).join()).not.toContain('canary');
});

test('C24: a key that does not fit is an error of the servers that need a value, and of no other', async () => {
  const { run, stored } = await scene({ inputs: [token], servers: { one, plain: { command: 'x' } } });
  const sealed = { GATEWAY_TOKEN_KEY: `base64:${Buffer.alloc(32, 1).toString('base64')}` };
  expect(await run(['login', 'one'], 'token=canary\n', sealed)).toMatchObject({ code: 0 });
  const text = readFileSync(stored, 'utf8');
  expect(text).not.toContain('canary');
  expect(await run(['check'], '', sealed)).toMatchObject({ code: 0 });
  const issues = JSON.parse((await run(['check'])).stdout).issues;
  expect(issues).toMatchObject([{ server: 'one', message: expect.stringContaining('GATEWAY_TOKEN_KEY is not set') }]);
  expect(await run(['login', 'one'], 'token=other\n')).toMatchObject({ code: 2 });
  expect(readFileSync(stored, 'utf8')).toBe(text);
});

test('logins that cannot be imported, since their directory cannot be written, are named in one sentence', async () => {
  const { cwd, run } = await scene({
    mcpServers: { a: { url: 'https://a.example/mcp' }, b: { url: 'https://b.example/mcp' } },
  });
  const cache = join(cwd, 'cache', 'mcp-remote-0.1.30');
  await mkdir(cache, { recursive: true });
  for (const host of ['a', 'b']) {
    const hash = createHash('md5').update(`https://${host}.example/mcp`).digest('hex');
    await writeFile(
      join(cache, `${hash}_tokens.json`),
      JSON.stringify({ access_token: 'canary', token_type: 'bearer' }),
    );
  }
  await writeFile(join(cwd, 'logins'), '');
  const { code, stdout, stderr } = await run(['import', '--from', 'mcp-remote', join(cwd, 'cache')]);
  expect(code).toBe(2);
  expect(JSON.parse(stdout).error.message).toMatch(
    /^not imported: a, b\. logins cannot be saved: .*logins cannot be written/,
  );
  expect(`${stdout}${stderr}`.split('cannot be written')).toHaveLength(2);
});
