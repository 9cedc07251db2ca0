// Holds the rules against what the documentation of agent-mcp-gateway promises for them, and against what
// docs/moving-from-agent-mcp-gateway.md says is different.
import { describe, expect, test } from 'vitest';
import { loadRules } from '../../src/config/load-rules.ts';
import { decide } from '../../src/policy/decide.ts';
import { type Claims, identify } from '../../src/policy/identify.ts';
import { writeConfig } from '../config/write-config.ts';
import { theirGrants, theirRules, theirTools } from '../helpers/agent-mcp-gateway.ts';

async function load(rules: object) {
  return loadRules({ path: await writeConfig(rules, '.mcp-gateway-rules.json') });
}

/** Server → the tools that the agent can call. */
async function granted(rules: object, agent: string, tools = theirTools): Promise<Record<string, string[]>> {
  const loaded = (await load(rules)).rules;
  const servers = Object.entries(tools).filter(([server]) => decide(loaded, { agent, server }).allowed);
  return Object.fromEntries(
    servers.map(([server, names]) => [
      server,
      names.filter((name) => decide(loaded, { agent, server, item: { kind: 'tool', name } }).allowed),
    ]),
  );
}

const one = (agent: object): object => ({ agents: { agent } });

describe('the rules of agent-mcp-gateway decide here as there', () => {
  test('its example file is taken without a warning', async () => {
    expect((await load(theirRules)).issues).toEqual([]);
  });

  test.each(Object.keys(theirGrants))('its example gives agent %s what its documentation says', async (agent) => {
    expect(await granted(theirRules, agent)).toEqual(theirGrants[agent]);
  });

  const db = { db: ['delete_user', 'delete_data', 'get_user', 'insert_user'] };
  test.each<[string, object, string[] | undefined]>([
    ['nothing but the server gives all of its tools', { allow: { servers: ['db'] } }, db.db],
    ['a star gives all servers with all tools', { allow: { servers: ['*'] } }, db.db],
    ['a list of tools narrows', { allow: { servers: ['*'], tools: { db: ['get_*'] } } }, ['get_user']],
    ['a list for another server does not', { allow: { servers: ['*'], tools: { other: ['x'] } } }, db.db],
    [
      'a deny takes away from everything',
      { allow: { servers: ['db'] }, deny: { tools: { db: ['delete_*'] } } },
      ['get_user', 'insert_user'],
    ],
    [
      'a wildcard deny wins over an exact allow',
      {
        allow: { servers: ['db'], tools: { db: ['delete_user', 'delete_data', 'get_user'] } },
        deny: { tools: { db: ['delete_*'] } },
      },
      ['get_user'],
    ],
    [
      'an exact deny wins over a wildcard allow',
      { allow: { servers: ['db'], tools: { db: ['*'] } }, deny: { tools: { db: ['insert_user'] } } },
      ['delete_user', 'delete_data', 'get_user'],
    ],
    ['a star may stand at the beginning', { allow: { servers: ['db'], tools: { db: ['*_data'] } } }, ['delete_data']],
    [
      'a denied server is denied whatever is allowed',
      { allow: { servers: ['db'] }, deny: { servers: ['db'] } },
      undefined,
    ],
    ['tools without their server are nothing', { allow: { tools: { db: ['get_user'] } } }, undefined],
    ['an agent without rules has nothing', {}, undefined],
  ])('%s', async (_, agent, expected) => {
    expect(await granted(one(agent), 'agent', db)).toEqual(expected === undefined ? {} : { db: expected });
  });

  test('rules may name servers that are not configured', async () => {
    const { issues } = await load(
      one({ allow: { servers: ['gone'], tools: { gone: ['x'] } }, deny: { servers: ['too'] } }),
    );
    expect(issues).toEqual([]);
  });
});

describe('who is asking is found here as there', () => {
  const withDefault = { agents: { developer: {}, default: {} } };
  const named = { agents: { developer: {} } };
  const strict = { defaults: { deny_on_missing_agent: true } };
  test.each<[string, object, Claims, string]>([
    ['agent_id', withDefault, { claimed: 'developer', fallback: 'default' }, 'developer'],
    ['GATEWAY_DEFAULT_AGENT before the agent "default"', withDefault, { fallback: 'developer' }, 'developer'],
    ['the agent "default"', withDefault, {}, 'default'],
    ['an empty agent_id counts as none', withDefault, { claimed: '' }, 'default'],
    [
      'deny_on_missing_agent leaves a given agent_id alone',
      { ...named, ...strict },
      { claimed: 'developer' },
      'developer',
    ],
    ['no agent at all', named, {}, 'NO_FALLBACK_CONFIGURED'],
    ['a fallback that the rules do not have', named, { fallback: 'gone' }, 'FALLBACK_AGENT_NOT_IN_RULES'],
    [
      'deny_on_missing_agent, whatever could be fallen back to',
      { ...withDefault, ...strict },
      { fallback: 'developer' },
      'INVALID_AGENT_ID',
    ],
  ])('%s', async (_, rules, claims, expected) => {
    const loaded = (await load(rules)).rules;
    let found: unknown;
    try {
      found = identify(loaded, claims).agent;
    } catch (error) {
      found = (error as { code: string }).code;
    }
    expect(found).toBe(expected);
  });
});

describe('what decides differently, as the page for those who move says', () => {
  const tools = { 'docs-a': ['get_all', 'b'] };

  test('an agent that the rules do not have gets nothing, whatever the defaults say', async () => {
    expect(await granted(theirRules, 'stranger')).toEqual({});
  });

  test('an empty list of allowed tools is no tool', async () => {
    expect(await granted(one({ allow: { servers: ['*'], tools: { 'docs-a': [] } } }), 'agent', tools)).toEqual({
      'docs-a': [],
    });
  });

  test('a star may stand anywhere, in names of servers and in keys of tools too', async () => {
    const rules = one({ allow: { servers: ['do*a'], tools: { 'docs-*': ['g*l'] } } });
    expect(await granted(rules, 'agent', tools)).toEqual({ 'docs-a': ['get_all'] });
  });

  test('brackets stand for themselves, and a warning says so', async () => {
    const rules = one({ allow: { servers: ['*'] }, deny: { tools: { 'docs-a': ['[ab]'] } } });
    expect(await granted(rules, 'agent', tools)).toEqual(tools);
    expect((await load(rules)).issues).toMatchObject([
      { severity: 'warning', message: expect.stringContaining('[ and ]') },
    ]);
  });

  test('without deny_on_missing_agent a call without an agent falls back', async () => {
    expect(identify((await load({ agents: { default: {} } })).rules, {}).agent).toBe('default');
  });
});
