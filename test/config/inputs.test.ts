// `${input:id}`: what a value is bound to, what is missing, and what a file may say of it.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the syntax of the config.
import { describe, expect, test } from 'vitest';
import type { InputAnswer } from '../../src/config/input-values.ts';
import { loadServers } from '../../src/config/load-servers.ts';
import { writeConfig } from './write-config.ts';

const token = { id: 'token', type: 'promptString', password: true };

/** `answer`: the same whatever is asked. */
async function load(config: object, answer: InputAnswer = { kind: 'missing' }, env: Record<string, string> = {}) {
  const path = await writeConfig(config);
  let opened = 0;
  const openInputs = async () => {
    opened++;
    return () => answer;
  };
  return { ...(await loadServers({ path, env, openInputs })), opened: () => opened };
}

async function targetOf(entry: object, { path, env = {} }: { path?: string; env?: Record<string, string> } = {}) {
  const file = path ?? (await writeConfig({}));
  const { writeFile } = await import('node:fs/promises');
  await writeFile(file, JSON.stringify({ servers: { one: entry } }));
  const openInputs = async () => () => ({ kind: 'missing' }) as const;
  const { inputs } = await loadServers({ path: file, env, openInputs });
  return inputs.get('one')?.[0]?.target;
}

test('a value that was given stands in every string, and is not looked at again', async () => {
  const entry = { command: 'x', args: ['--key=${input:token}'], env: { K: '${input:token}' } };
  const { servers, inputs } = await load(
    { inputs: [token], servers: { one: entry } },
    { kind: 'given', value: '${A}' },
  );
  expect(servers.get('one')).toMatchObject({ state: 'usable', entry: { args: ['--key=${A}'], env: { K: '${A}' } } });
  expect(inputs.get('one')).toMatchObject([
    { state: 'given', keys: ['args[0]', 'env.K'], destination: 'x --key=${input:token}' },
  ]);
});

test('one without a value makes that server alone unusable, and names input, key and command', async () => {
  const { servers, inputs } = await load({
    inputs: [token],
    servers: { one: { url: 'https://h/', headers: { 'X-Key': '${input:token}' } }, two: { command: 'x' } },
  });
  expect(servers.get('one')).toMatchObject({
    state: 'broken',
    issues: [
      { message: "server 'one': input 'token' has no value (headers.X-Key); it is asked for by: portico login one" },
    ],
  });
  expect(servers.get('two')).toMatchObject({ state: 'usable' });
  expect([...inputs.keys()]).toEqual(['one']);
});

test('nothing is opened for a config that refers to none', async () => {
  const { opened } = await load({ inputs: [token], servers: { one: { command: 'x' } } });
  expect(opened()).toBe(0);
});

test('a default holds where nobody was asked, and never for a password', async () => {
  const plain = { id: 'a', type: 'promptString', default: 'eu' };
  const { servers, inputs } = await load({
    inputs: [plain, { ...token, default: 'canary' }],
    servers: { one: { command: 'x', env: { A: '${input:a}' } }, two: { command: 'x', env: { A: '${input:token}' } } },
  });
  expect(servers.get('one')).toMatchObject({ state: 'usable', entry: { env: { A: 'eu' } } });
  expect(servers.get('two')).toMatchObject({ state: 'broken' });
  expect([...inputs.values()].map(([input]) => input?.state)).toEqual(['default', 'missing']);
});

test('a value that cannot be read is an error of that server, and never an empty one', async () => {
  const answer = { kind: 'unreadable', reason: 'the key does not fit', hint: 'set it' } as const;
  const { servers } = await load({ servers: { one: { command: 'x', env: { A: '${input:a}' } } } }, answer);
  expect(servers.get('one')).toMatchObject({
    state: 'broken',
    issues: [{ message: expect.stringContaining('the key does not fit'), hint: 'set it' }],
  });
});

test.each([
  ['of the type command', { command: 'x', env: { A: '${input:run}' } }, /only VS Code can run \(env\.A\)/],
  ['in a description', { command: 'x', description: '${input:token}' }, /cannot stand in description/],
  ['in a profile', { url: 'https://h', profile: '${input:token}' }, /cannot stand in profile/],
])('an input %s is refused', async (_, entry, message) => {
  const run = { id: 'run', type: 'command', command: 'ext.token', args: {} };
  const { servers } = await load({ inputs: [token, run], servers: { one: entry } }, { kind: 'given', value: 'canary' });
  expect(servers.get('one')).toMatchObject({ state: 'broken', issues: [{ message: expect.stringMatching(message) }] });
  expect(JSON.stringify([...servers.values()])).not.toContain('canary');
});

describe('what is wrong with the list is a warning', () => {
  test.each([
    ['no list', {}, /must be a list/],
    ['no id', [{ type: 'promptString' }], /an "id"/],
    ['an unknown key', [{ ...token, pasword: true }], /"pasword" is no known key/],
    ['an unknown type', [{ id: 'a', type: 'prompt' }], /no type that is known/],
    ['no options', [{ id: 'a', type: 'pickString' }], /options/],
    ['the same id twice', [token, token], /twice/],
    ['a default that is no text', [{ id: 'a', type: 'promptString', default: 1 }], /"default" must be a string/],
  ])('%s', async (_, inputs, message) => {
    const { issues, servers } = await load({ inputs, servers: { one: { command: 'x' } } });
    expect(issues).toMatchObject([{ severity: 'warning', message: expect.stringMatching(message) }]);
    expect(servers.get('one')).toMatchObject({ state: 'usable' });
  });

  test('and so is a secret in a place that is shown', async () => {
    const { issues } = await load(
      { inputs: [token], servers: { one: { url: 'https://h/?k=${input:token}' } } },
      { kind: 'given', value: 'v' },
    );
    expect(issues).toMatchObject([{ severity: 'warning', message: expect.stringMatching(/url is shown to agents/) }]);
  });
});

describe('a value is bound to', () => {
  const http = { url: 'https://${HOST:-h}/mcp', headers: { K: '${input:a}' } };
  const stdio = { command: 'x', args: ['a'], env: { K: '${input:a}', B: '1' }, cwd: '.' };

  test.each([
    ['another host', { url: 'https://evil/mcp' }],
    ['another scheme', { url: 'http://h/mcp' }],
    ['another path', { url: 'https://h/other' }],
    ['another profile', { profile: 'p' }],
    ['another issuer', { oauth: { issuer: 'https://evil' } }],
    ['another token endpoint', { oauth: { idp: { tokenEndpoint: 'https://evil' } } }],
    ['another maker of assertions', { oauth: { assertion: { command: 'evil' } } }],
  ])('the server on the network: %s asks again', async (_, change) => {
    expect(await targetOf({ ...http, ...change })).not.toBe(await targetOf(http));
  });

  test.each([
    ['another config file', {}],
    ['another header that it stands in', { headers: { Other: 'x ${input:a}' } }],
    ['a slash at its end, or the case of its host', { url: 'HTTPS://H/mcp/' }],
    ['other settings', { timeoutMs: 5, description: 'd', oauth: { scope: 's' } }],
  ])('the server on the network, and not to %s', async (_, change) => {
    expect(await targetOf({ ...http, ...change })).toBe(await targetOf(http));
  });

  test('the host that a variable names', async () => {
    expect(await targetOf(http, { env: { HOST: 'evil' } })).not.toBe(await targetOf(http));
  });

  test.each([
    ['another command', { command: 'evil' }],
    ['other arguments', { args: ['b'] }],
    ['another variable', { env: { ...stdio.env, NODE_OPTIONS: '--require=evil' } }],
    ['another directory', { cwd: 'evil' }],
  ])('the command in its config file: %s asks again', async (_, change) => {
    const path = await writeConfig({});
    expect(await targetOf({ ...stdio, ...change }, { path })).not.toBe(await targetOf(stdio, { path }));
  });

  test('the command in its config file: the same in another file asks again, other settings do not', async () => {
    const path = await writeConfig({});
    const bound = await targetOf(stdio, { path });
    expect(await targetOf({ ...stdio, env: { B: '1', K: '${input:a}' }, timeoutMs: 5 }, { path })).toBe(bound);
    expect(await targetOf(stdio)).not.toBe(bound);
  });
});
