// Tests of src/gateway/next-config.ts, native-news.ts and shown-problem.ts: what follows from reading the files again.
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config/config-error.ts';
import type { Rules } from '../../src/config/rules.ts';
import type { ConfigIssue, ConfiguredServer, ServerEntry } from '../../src/config/server-entry.ts';
import { GatewayError } from '../../src/errors.ts';
import { nativeNews, type SeenServers } from '../../src/gateway/native-news.ts';
import { firstConfig, nextConfig, type ReadFiles } from '../../src/gateway/next-config.ts';
import { shownProblem } from '../../src/gateway/shown-problem.ts';
import { stdioEntry } from '../downstream/surroundings.ts';
import { rules } from './scene.ts';

const some = rules({ default: { allow: { servers: ['*'] } } });
const others = rules({ default: { allow: { servers: ['a'] } } });

function files(servers: readonly ServerEntry[], given?: Rules, issues: readonly ConfigIssue[] = []): ReadFiles {
  const usable = servers.map((entry): [string, ConfiguredServer] => [
    entry.name,
    { state: 'usable', name: entry.name, entry },
  ]);
  return {
    servers: { path: '/c/mcp.json', servers: new Map(usable), issues, inputs: new Map() },
    rules: given && { path: '/c/gateway-rules.json', rules: given, issues: [] },
  };
}

function issue(more: Partial<ConfigIssue> = {}): ConfigIssue {
  return {
    severity: 'error',
    file: '/c/mcp.json',
    line: 3,
    column: 7,
    pointer: '',
    message: 'comma expected',
    ...more,
  };
}

const bad: ReadFiles = { failure: new ConfigError([issue({ hint: 'look there' })]) };
const [a, b] = [stdioEntry({ name: 'a' }), stdioEntry({ name: 'b' })];
const start = (read: ReadFiles) => firstConfig(read, '/c/mcp.json', 1000);

describe('reading the config again', () => {
  it('changes nothing where the files say what they said', () => {
    expect(nextConfig(start(files([a], some)), files([stdioEntry({ name: 'a' })], some), 2000)).toEqual({
      kind: 'same',
    });
  });

  it('G52: puts good files in force, and remembers what that changed', () => {
    const next = nextConfig(start(files([a], some)), files([b], others), 2000);
    expect(next).toMatchObject({
      kind: 'applied',
      servers: { added: ['b'], removed: ['a'] },
      rulesChanged: true,
      state: {
        rules: others,
        source: {
          loadedAt: 2000,
          reloads: [
            { outcome: 'loaded', added: ['a'] },
            { at: 2000, outcome: 'applied' },
          ],
        },
      },
    });
  });

  it('G52: keeps what is in force where a file is bad, with the place, and says so once', () => {
    const before = start(files([a], some));
    const next = nextConfig(before, bad, 2000);
    if (next.kind !== 'noted') throw new Error(next.kind);
    expect(next.state).toMatchObject({
      servers: before.servers,
      rules: some,
      source: {
        loadedAt: 1000,
        problem: { at: 2000, message: '/c/mcp.json:3:7: comma expected', hint: 'look there', issue: { line: 3 } },
        reloads: [{ outcome: 'loaded' }, { outcome: 'failed', at: 2000 }],
      },
    });
    expect(next.state.unusable).toBeUndefined();
    expect(nextConfig(next.state, bad, 3000)).toEqual({ kind: 'same' });
    const repaired = nextConfig(next.state, files([a], some), 4000);
    expect(repaired).toMatchObject({ kind: 'applied', servers: { unchanged: ['a'], added: [] }, rulesChanged: false });
    expect(repaired.kind === 'applied' && repaired.state.source.problem).toBeUndefined();
  });

  it('refuses everything until there is a first config that can be used', () => {
    const before = start(bad);
    expect(before.unusable).toMatchObject({ code: 'CONFIG_INVALID', message: '/c/mcp.json:3:7: comma expected' });
    const other = nextConfig(before, { failure: new GatewayError('CONFIG_INVALID', 'not trusted') }, 2000);
    expect(other).toMatchObject({ kind: 'noted', state: { unusable: { message: 'not trusted' } } });
    const next = nextConfig(before, files([a]), 3000);
    expect(next).toMatchObject({ kind: 'applied', servers: { added: ['a'] }, state: { source: { loadedAt: 3000 } } });
    expect(next.kind === 'applied' && next.state.unusable).toBeUndefined();
  });

  it('lets rules come, and does not let them go with their file', () => {
    expect(nextConfig(start(files([a])), files([a], some), 2000)).toMatchObject({
      kind: 'applied',
      rulesChanged: true,
    });
    const gone = nextConfig(start(files([a], some)), files([a, b]), 2000);
    expect(gone).toMatchObject({
      kind: 'noted',
      state: { rules: some, source: { problem: { message: expect.stringContaining('is gone') } } },
    });
    expect(gone.kind === 'noted' && gone.state.servers.has('b')).toBe(false);
  });

  it('notes warnings that come and go without a change of servers', () => {
    const warned = files([a], some, [issue({ severity: 'warning' })]);
    expect(nextConfig(start(files([a], some)), warned, 2000)).toMatchObject({
      kind: 'noted',
      state: { source: { loadedAt: 1000, issues: [{ severity: 'warning' }], reloads: [{ outcome: 'loaded' }] } },
    });
  });

  it('remembers the last twenty', () => {
    let state = start(files([a]));
    for (let at = 0; at < 50; at++) {
      const next = nextConfig(state, files(at % 2 === 0 ? [a, b] : [a]), at);
      if (next.kind === 'applied') state = next.state;
    }
    expect(state.source.reloads).toHaveLength(20);
    expect(state.source.reloads.at(-1)).toMatchObject({ at: 49, removed: ['b'] });
  });
});

it.each([
  ['about the file as a whole', issue(), 'mcp.json:3:7: comma expected'],
  [
    'about something in it',
    issue({ pointer: '/agents/boss', message: '"boss" must be …' }),
    'mcp.json:3:7: see portico check',
  ],
  ['that is long', issue({ message: 'x'.repeat(500) }), /^mcp\.json:3:7: x{100,}…$/],
])('shows an agent of a problem %s no names that it may not know', (_what, given, expected) => {
  const shown = shownProblem({ at: 0, message: 'unused', issue: given });
  if (typeof expected === 'string') expect(shown).toBe(expected);
  else expect(shown).toMatch(expected);
  expect(shown.length).toBeLessThanOrEqual(160);
});

const [none, all] = [
  { resources: false, prompts: false },
  { resources: true, prompts: true },
];
const both = ['notifications/resources/list_changed', 'notifications/prompts/list_changed'];

it.each<[string, Partial<SeenServers>, Readonly<Record<string, typeof all>>, readonly string[]]>([
  ['nothing where nothing changed', {}, {}, []],
  ['of a new server, which may have anything', { after: ['a', 'b', 'c'] }, {}, both],
  ['nothing of one that is gone and had neither', { after: ['a'] }, { b: none }, []],
  ['of one kind', { changed: ['b'] }, { b: { resources: false, prompts: true } }, both.slice(1)],
  ['of rules that changed, where a server has something', { rulesChanged: true }, { a: none, b: all }, both],
  ['nothing of a change that the host does not see', { changed: ['hidden'] }, {}, []],
])('G52: tells a host that lists resources and prompts %s', (_what, more, offers, expected) => {
  const seen = { before: ['a', 'b'], after: ['a', 'b'], changed: [], rulesChanged: false };
  const offersOf = (server: string) => offers[server] && { ...offers[server], completions: false };
  expect(nativeNews({ ...seen, offersOf, ...more })).toEqual(expected);
});
