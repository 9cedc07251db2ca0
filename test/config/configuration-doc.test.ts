// Owns holding docs/configuration.md and the example files against the schemas.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { defaults } from '../../src/config/entry-defaults.ts';
import { loadRules } from '../../src/config/load-rules.ts';
import { loadServers } from '../../src/config/load-servers.ts';
import { grantTypes, oauthKeys } from '../../src/config/oauth-schema.ts';
import { ruleKeys } from '../../src/config/rules-schema.ts';
import { entryKeys, httpKeys, protocolRevisions, stdioKeys, topLevelKeys } from '../../src/config/servers-schema.ts';
import { logLevels } from '../../src/log.ts';

const file = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const text = await readFile(file('docs/configuration.md'), 'utf8');

/** The rows of the first table under a heading, cell by cell. */
function table(heading: string): string[][] {
  const section = text.split(/^#+ /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const keysOf = (heading: string): string[] => table(heading).map(([key = '']) => key.replaceAll('`', ''));
const row = (heading: string, key: string): string[] => table(heading).find(([cell]) => cell === `\`${key}\``) ?? [];

test.each<[string, readonly string[]]>([
  ['The file', topLevelKeys],
  ['An entry', entryKeys],
  ['`oauth`', oauthKeys],
  [
    'Keys of the rules',
    [
      ...ruleKeys.topLevel,
      ...ruleKeys.agent.map((key) => `agents.*.${key}`),
      ...ruleKeys.lists.flatMap((key) => [`agents.*.allow.${key}`, `agents.*.deny.${key}`]),
      ...ruleKeys.defaults.map((key) => `defaults.${key}`),
    ],
  ],
])('the table "%s" has exactly the keys of the schema', (heading, keys) => {
  expect(keysOf(heading).sort()).toEqual([...keys].sort());
});

test('each key of an entry says for which kind of server it is', () => {
  for (const [cell = '', kind] of table('An entry')) {
    const key = cell.replaceAll('`', '');
    const expected = stdioKeys.includes(key) ? (httpKeys.includes(key) ? 'both' : 'stdio') : 'http';
    expect([key, kind]).toEqual([key, expected]);
  }
});

test('defaults and lists of values are those of the code', () => {
  expect(row('An entry', 'timeoutMs')[3]).toBe(String(defaults.timeoutMs));
  expect(row('An entry', 'connectTimeoutMs')[3]).toContain(String(defaults.connectTimeoutMs.http));
  expect(row('An entry', 'connectTimeoutMs')[3]).toContain(String(defaults.connectTimeoutMs.stdio));
  expect(row('An entry', 'maxResultBytes')[3]).toBe(String(defaults.maxResultBytes));
  expect(row('`oauth`', 'callbackHost')[2]).toBe(`\`${defaults.callbackHost}\``);
  for (const value of protocolRevisions) expect(row('An entry', 'protocol')[2]).toContain(`\`${value}\``);
  for (const value of grantTypes) expect(row('`oauth`', 'grantType')[1]).toContain(`\`${value}\``);
  for (const value of logLevels) expect(row('Environment', 'GATEWAY_LOG_LEVEL')[1]).toContain(`\`${value}\``);
});

test('the example files load without any issue', async () => {
  const env = { HOME: '/home/someone', GITHUB_PAT: 'x', CRM_SECRET: 'y' };
  const { servers, issues } = await loadServers({ path: file('.mcp.json.example'), env });
  expect(issues).toEqual([]);
  expect([...servers.values()].map(({ state }) => state)).toEqual(Array(servers.size).fill('usable'));
  expect(servers.size).toBeGreaterThan(3);
  const rules = await loadRules({ path: file('gateway-rules.example.json') });
  expect(rules.issues).toEqual([]);
  expect(rules.rules.agents.size).toBeGreaterThan(1);
});
