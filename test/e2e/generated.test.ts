// A thousand generated servers, results and arguments: what one side sent is what the other side gets, to the byte.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHttpEcho } from '../../fixtures/servers/http-echo.mjs';
import { startModernEcho } from '../../fixtures/servers/modern-echo.mjs';
import { ownTools, toldTools } from '../../fixtures/servers/told-tools.mjs';
import type { GatewayProcess } from '../helpers/gateway-process.ts';
import type { Json } from '../helpers/json-rpc-process.ts';
import { fixtureServer } from '../helpers/programs.ts';
import { anyArguments, anyDefinitions, anyResult } from '../helpers/random-definitions.ts';
import { Stage } from '../helpers/stage.ts';

const runs = 1000;
const limitMs = 120_000;
/** Servers of 2026-07-28 do not say in the middle of an answer that their tools changed: so many are there at once. */
const modernServers = 40;

const stage = new Stage();
const taken = ownTools.map(({ name }: { name: string }) => name);
const offers = fc.sample(anyDefinitions(taken), modernServers);
let gateway: GatewayProcess;
/** The same, spoken to in 2026-07-28. */
let newer: GatewayProcess;

beforeAll(async () => {
  const legacy = await startHttpEcho({ answers: 'sse', handler: toldTools() });
  stage.own(() => legacy.close());
  const servers: Record<string, object> = {
    stdio: fixtureServer('told'),
    'legacy HTTP': { url: legacy.url, oauth: false },
  };
  for (const [index, offer] of offers.entries()) {
    const modern = await startModernEcho({ handler: toldTools([...offer]), pageSize: 2 });
    stage.own(() => modern.close());
    servers[`modern HTTP ${index}`] = { url: modern.url, oauth: false };
  }
  gateway = await stage.gateway(stage.home({ servers }));
  newer = stage.start(stage.home({ servers }));
});
afterAll(() => stage.close());

async function definitionsOf(server: string): Promise<string> {
  const { tools } = await gateway.value('get_server_tools', { server, detail: 'full' });
  expect(tools.slice(0, ownTools.length)).toEqual(ownTools);
  return JSON.stringify(tools.slice(ownTools.length));
}

const say = (server: string, result: string): Promise<Json> =>
  gateway.callTool('execute_tool', { server, tool: 'say', args: { result } });

/** What a host of 2026-07-28 adds to every request. */
const modern = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

describe.each([
  { server: 'stdio', lists: runs },
  { server: 'legacy HTTP', lists: runs / 4 },
])('$server', ({ server, lists }) => {
  test(`the definitions of ${lists} servers are equal to the byte`, { timeout: limitMs }, async () => {
    const told = fc.asyncProperty(anyDefinitions(taken), async (definitions) => {
      const tools = JSON.stringify(definitions);
      await gateway.execute(server, 'offer', { tools });
      expect(await definitionsOf(server)).toBe(tools);
    });
    await fc.assert(told, { numRuns: lists });
  });

  test(`${runs} results are equal to the byte`, { timeout: limitMs }, async () => {
    const told = fc.asyncProperty(anyResult, async (given) => {
      const result = JSON.stringify(given);
      expect(JSON.stringify(await say(server, result))).toBe(result);
    });
    await fc.assert(told, { numRuns: runs });
  });

  test(`${runs} sets of arguments are equal to the byte`, { timeout: limitMs }, async () => {
    const told = fc.asyncProperty(anyArguments, async (args) => {
      expect(await gateway.executeText(server, 'repeat', args)).toBe(JSON.stringify(args));
    });
    await fc.assert(told, { numRuns: runs });
  });
});

describe('modern HTTP', () => {
  test(`the definitions of ${modernServers} servers are equal to the byte`, { timeout: limitMs }, async () => {
    for (const [index, offer] of offers.entries()) {
      expect(await definitionsOf(`modern HTTP ${index}`)).toBe(JSON.stringify(offer));
    }
  });

  test(`${runs} results are equal to the byte, but for resultType`, { timeout: limitMs }, async () => {
    const told = fc.asyncProperty(anyResult, async (given) => {
      const result = JSON.stringify(given);
      const { resultType, ...got } = await say('modern HTTP 0', result);
      expect(resultType ?? 'complete').toBe('complete');
      expect(JSON.stringify(got)).toBe(result);
    });
    await fc.assert(told, { numRuns: runs });
  });

  test(`${runs} sets of arguments are equal to the byte`, { timeout: limitMs }, async () => {
    const told = fc.asyncProperty(anyArguments, async (args) => {
      expect(await gateway.executeText('modern HTTP 0', 'repeat', args)).toBe(JSON.stringify(args));
    });
    await fc.assert(told, { numRuns: runs });
  });
});

describe('toward a host of 2026-07-28', () => {
  test.each(['stdio', 'legacy HTTP', 'modern HTTP 0'])(
    `${runs} results of %s are equal to the byte, but for resultType`,
    { timeout: limitMs },
    async (server) => {
      const told = fc.asyncProperty(anyResult, async (given) => {
        const result = JSON.stringify(given);
        const call = { name: 'execute_tool', arguments: { server, tool: 'say', args: { result } }, _meta: modern };
        const { resultType, ...got } = await newer.request('tools/call', call);
        expect(resultType).toBe('complete');
        expect(JSON.stringify(got)).toBe(result);
      });
      await fc.assert(told, { numRuns: runs });
    },
  );

  test('the definitions of a server are equal to the byte', async () => {
    const server = 'modern HTTP 0';
    const call = { name: 'get_server_tools', arguments: { server, detail: 'full' }, _meta: modern };
    const { structuredContent } = await newer.request('tools/call', call);
    expect(JSON.stringify(structuredContent.tools)).toBe(JSON.stringify([...ownTools, ...(offers[0] ?? [])]));
  });
});
