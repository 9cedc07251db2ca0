// Owns the tests of rules files: read whole, or not at all.
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/config/config-error.ts';
import { type LoadedRules, loadRules } from '../../src/config/load-rules.ts';
import { writeConfig } from './write-config.ts';

async function load(content: string | object): Promise<LoadedRules> {
  return loadRules({ path: await writeConfig(content, 'gateway-rules.json') });
}

test('a rules file is read', async () => {
  const { rules, issues } = await load({
    agents: {
      a: {
        description: 'd',
        allow: { servers: ['x', 'y-*'], tools: { x: ['t'], 'y-*': [] }, resources: {}, prompts: {} },
        deny: { tools: { '*': ['d_*'] }, resources: {}, prompts: {} },
      },
      b: {},
    },
    defaults: { deny_on_missing_agent: true },
  });
  expect(issues).toEqual([]);
  expect(rules.denyOnMissingAgent).toBe(true);
  const none = { servers: [], tools: {}, resources: {}, prompts: {} };
  expect([...rules.agents]).toEqual([
    [
      'a',
      {
        allow: { servers: ['x', 'y-*'], tools: { x: ['t'], 'y-*': [] }, resources: {}, prompts: {} },
        deny: { servers: [], tools: { '*': ['d_*'] }, resources: {}, prompts: {} },
      },
    ],
    ['b', { allow: none, deny: none }],
  ]);
});

test('agent_id is not mandatory where the file does not say so', async () => {
  expect((await load({ agents: {} })).rules.denyOnMissingAgent).toBe(false);
});

describe('one error makes the file unusable', () => {
  test.each<[string | object, string, RegExp]>([
    ['[]', '', /must hold an object/],
    [{}, '', /"agents" is missing/],
    [{ researcher: { allow: {} } }, '', /"agents" is missing/],
    [{ agents: [] }, '/agents', /must be an object, not a list/],
    [{ agents: { a: 'x' } }, '/agents/a', /agents\.a must be an object, not a string/],
    [{ agents: { '': {} } }, '/agents/', /without a name/],
    [{ agents: { a: { allow: ['x'] } } }, '/agents/a/allow', /must be an object, not a list/],
    [{ agents: { a: { allow: { servers: '*' } } } }, '/agents/a/allow/servers', /must be a list, not a string/],
    [{ agents: { a: { allow: { servers: [''] } } } }, '/agents/a/allow/servers/0', /must not be empty/],
    [{ agents: { a: { allow: { servers: [1] } } } }, '/agents/a/allow/servers/0', /must be a string/],
    [{ agents: { a: { deny: { tools: ['t'] } } } }, '/agents/a/deny/tools', /must be an object, not a list/],
    [{ agents: { a: { deny: { tools: { x: 't' } } } } }, '/agents/a/deny/tools/x', /must be a list, not a string/],
    [{ agents: { a: { denny: { servers: ['x'] } } } }, '/agents/a/denny', /no known key/],
    [{ agents: { a: { deny: { server: ['x'] } } } }, '/agents/a/deny/server', /no known key/],
    [{ agents: {}, defaults: { deny_on_missing_agent: 'yes' } }, '/defaults/deny_on_missing_agent', /true or false/],
    [{ agents: {}, defaults: [] }, '/defaults', /must be an object/],
    ['{"agents": {"a": {"deny": {}, "deny": {}}}}', '/agents/a/deny', /stands there twice/],
    ['{"agents": {"a": {"deny": {"tools": {"__proto__": ["t"]}}}}}', '/agents/a/deny/tools/__proto__', /cannot be/],
  ])('%j', async (content, pointer, message) => {
    const error: unknown = await load(content).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) });
    const errors = (error as ConfigError).issues.filter(({ severity }) => severity === 'error');
    expect(errors).toMatchObject([{ pointer }]);
    expect(errors[0]?.hint).toBeDefined();
  });
});

test('every error of the file is in the issues, and the message counts them', async () => {
  const error: unknown = await load({ agents: { a: { allow: 1 }, b: { deny: 2 } } }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ message: expect.stringMatching(/and 1 more/), issues: { length: 2 } });
});

test('half a file is an error', async () => {
  await expect(load('{"agents": {"a": {"allow": {"servers": ["*"]}')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});

test('unknown keys are warnings with the nearest known one', async () => {
  const { issues } = await load({
    agent: {},
    agents: { a: { color: 'red' } },
    defaults: { deny_on_mising_agent: true },
  });
  expect(issues.map(({ severity, pointer, hint }) => [severity, pointer, hint])).toEqual([
    ['warning', '/agent', 'did you mean "agents"?'],
    ['warning', '/agents/a/color', undefined],
    ['warning', '/defaults/deny_on_mising_agent', 'did you mean "deny_on_missing_agent"?'],
  ]);
});

test('tools of a server that is not allowed are a warning', async () => {
  const { issues } = await load({
    agents: { a: { allow: { servers: ['x-*'], tools: { 'x-1': [], y: ['t'], '*': [] } } } },
  });
  expect(issues).toMatchObject([
    { severity: 'warning', pointer: '/agents/a/allow/tools/y', hint: 'add "y" to allow.servers' },
  ]);
});

test('brackets that another gateway would take for a choice of characters are a warning', async () => {
  const { issues } = await load({
    agents: {
      a: { allow: { servers: ['*'] }, deny: { servers: ['db[12]'], tools: { 'x[ab]': [], y: ['t', 'd[ab]_*'] } } },
    },
  });
  expect(issues.map(({ severity, pointer }) => [severity, pointer])).toEqual([
    ['warning', '/agents/a/deny/servers/0'],
    ['warning', '/agents/a/deny/tools/x[ab]'],
    ['warning', '/agents/a/deny/tools/y/1'],
  ]);
});

test('an agent may be called like a member that objects have by themselves', async () => {
  const { rules } = await load('{"agents": {"constructor": {}, "__proto__": {}}}');
  expect([...rules.agents.keys()]).toEqual(['constructor', '__proto__']);
  expect(rules.agents.has('toString')).toBe(false);
});

test('what is loaded cannot be changed', async () => {
  const { rules } = await load({ agents: { a: { allow: { servers: ['x'], tools: { x: ['t'] } } } } });
  const agent = rules.agents.get('a');
  for (const value of [rules, agent, agent?.allow, agent?.allow.servers, agent?.allow.tools, agent?.allow.tools['x']]) {
    expect(Object.isFrozen(value)).toBe(true);
  }
  expect(() => (rules.agents as Map<string, unknown>).set('b', {})).toThrow(TypeError);
});
