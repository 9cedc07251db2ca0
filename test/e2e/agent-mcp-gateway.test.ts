// The setup of somebody who comes from agent-mcp-gateway: the same files, variables and calls, the documented answers.
import { afterEach, expect, test } from 'vitest';
import { theirGrants, theirRules, theirServers } from '../helpers/agent-mcp-gateway.ts';
import type { GatewayProcess } from '../helpers/gateway-process.ts';
import type { Json } from '../helpers/json-rpc-process.ts';
import { Stage } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());

const ofHome = '.config/agent-mcp-gateway';
/** As its documentation writes them into the entry of a host, where no shell fills `~` in. */
const env = {
  GATEWAY_MCP_CONFIG: `~/${ofHome}/.mcp.json`,
  GATEWAY_RULES: `~/${ofHome}/.mcp-gateway-rules.json`,
  GATEWAY_DEFAULT_AGENT: 'claude-desktop',
  GATEWAY_DEBUG: 'true',
  GATEWAY_AUDIT_LOG: '~/logs/audit.jsonl',
  GATEWAY_TRANSPORT: 'stdio',
  GATEWAY_INIT_STRATEGY: 'lazy',
};

function theirHome() {
  const home = stage.home({ env });
  home.write(`${ofHome}/.mcp.json`, JSON.stringify({ mcpServers: theirServers }));
  home.write(`${ofHome}/.mcp-gateway-rules.json`, JSON.stringify(theirRules));
  return home;
}

const names = (items: readonly Json[]): string[] => items.map(({ name }: Json) => name).sort();

/** The three steps that its agents are told to take. */
async function threeSteps(gateway: GatewayProcess, agent: string): Promise<void> {
  const agent_id = agent;
  const grants = theirGrants[agent] ?? {};
  const { servers } = await gateway.value('list_servers', { agent_id });
  expect([agent, names(servers)]).toEqual([agent, Object.keys(grants).sort()]);
  for (const [server, tools] of Object.entries(grants)) {
    const listed = await gateway.value('get_server_tools', { agent_id, server });
    expect([agent, server, names(listed.tools)]).toEqual([agent, server, [...tools].sort()]);
  }
}

test('a setup of agent-mcp-gateway works unchanged: files, variables, tools, parameters, error codes', async () => {
  const home = theirHome();
  const gateway = await stage.gateway(home, { args: [] });
  const { tools } = await gateway.request('tools/list');
  expect(names(tools)).toEqual(
    expect.arrayContaining(['execute_tool', 'get_gateway_status', 'get_server_tools', 'list_servers']),
  );

  await threeSteps(gateway, 'researcher');
  await threeSteps(gateway, 'team.role');
  await listsServers(gateway);
  await filtersTools(gateway);
  await executes(gateway);
  await refuses(gateway);

  const status = await gateway.value('get_gateway_status', { agent_id: 'admin' });
  expect(status.config).toMatchObject({
    rules_file: expect.stringMatching(/agent-mcp-gateway.\.mcp-gateway-rules\.json$/),
  });
  await gateway.stop();
  const audit = home.files().find((file) => /logs.audit\.jsonl$/u.test(file));
  expect(audit).toBeDefined();
});

async function listsServers(gateway: GatewayProcess): Promise<void> {
  const plain = await gateway.value('list_servers', { agent_id: 'researcher' });
  expect(plain.servers[0]).toMatchObject({ name: 'brave-search', description: 'What brave-search does' });
  expect(plain.servers[0]).not.toHaveProperty('command');
  const { servers } = await gateway.value('list_servers', { agent_id: 'researcher', include_metadata: true });
  expect(servers[0]).toMatchObject({ name: 'brave-search', transport: 'stdio', command: expect.any(String) });
  // Nobody is named: GATEWAY_DEFAULT_AGENT.
  expect(names((await gateway.value('list_servers')).servers)).toEqual(
    Object.keys(theirGrants['claude-desktop'] ?? {}).sort(),
  );
}

async function filtersTools(gateway: GatewayProcess): Promise<void> {
  const of = async (args: object): Promise<Json> =>
    await gateway.value('get_server_tools', { agent_id: 'admin', server: 'postgres', ...args });
  expect(names((await of({ names: 'query, list_tables,gone' })).tools)).toEqual(['list_tables', 'query']);
  expect(names((await of({ names: 'query' })).tools)).toEqual(['query']);
  expect(names((await of({ pattern: 'list_*' })).tools)).toEqual(['list_schemas', 'list_tables']);
  const [query] = (await of({ names: 'query' })).tools;
  expect(query).toEqual({
    name: 'query',
    description: 'Does what query says.',
    inputSchema: { type: 'object', properties: { query: { type: 'string' } } },
  });
  const limited = await of({ max_schema_tokens: 1000 });
  expect(limited).toMatchObject({
    server: 'postgres',
    total_available: 6,
    returned: 6,
    tokens_used: expect.any(Number),
  });
  expect(limited.tokens_used).toBeLessThanOrEqual(1000);
}

async function executes(gateway: GatewayProcess): Promise<void> {
  const call = { agent_id: 'researcher', server: 'brave-search', tool: 'brave_web_search', args: { query: 'x' } };
  const result = await gateway.callTool('execute_tool', { ...call, timeout_ms: 20_000 });
  const text = JSON.stringify({ tool: 'brave_web_search', args: { query: 'x' } });
  expect(result).toMatchObject({ content: [{ type: 'text', text }] });
  expect(result.isError ?? false).toBe(false);
}

async function refuses(gateway: GatewayProcess): Promise<void> {
  const rows: [object, string][] = [
    [{ agent_id: 'researcher', server: 'brave-search', tool: 'brave_local_search' }, 'DENIED_BY_POLICY'],
    [{ agent_id: 'backend', server: 'postgres', tool: 'drop_table' }, 'DENIED_BY_POLICY'],
    [{ agent_id: 'default', server: 'postgres', tool: 'query' }, 'DENIED_BY_POLICY'],
    [{ agent_id: 'stranger', server: 'postgres', tool: 'query' }, 'DENIED_BY_POLICY'],
    [{ agent_id: 'admin', server: 'gone', tool: 'x' }, 'SERVER_NOT_FOUND'],
    [{ agent_id: 'admin', server: 'postgres', tool: 'gone' }, 'TOOL_NOT_FOUND'],
    [{ agent_id: 'backend', server: 'postgres', tool: 'never', timeout_ms: 100 }, 'TIMEOUT'],
  ];
  for (const [call, code] of rows) {
    const error = await gateway.failure('execute_tool', { args: {}, ...call });
    expect([call, error.code]).toEqual([call, code]);
    expect(error.message).toEqual(expect.any(String));
    if (code === 'DENIED_BY_POLICY') expect(error.rule).toMatch(/^agents/u);
  }
}
