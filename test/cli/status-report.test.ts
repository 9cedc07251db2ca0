// Owns the tests of how the status reads.
import { expect, test } from 'vitest';
import { durationText, gatewayLines, mergedRow, type StatusRow, serverLines } from '../../src/cli/status-report.ts';
import type { GatewayRecord, RecordedServer } from '../../src/status-wiring.ts';

const now = Date.parse('2026-11-21T12:00:00Z');

function row(more: Partial<StatusRow>): StatusRow {
  return {
    server: 'files',
    transport: 'stdio',
    state: 'idle',
    protocol: null,
    account: null,
    scope: null,
    expires_at: null,
    last_error: null,
    tool_changes: null,
    open_login: null,
    ...more,
  };
}

function told(state: string, more: Partial<RecordedServer> = {}): { servers: RecordedServer[] } {
  const nothing = { pids: [], protocol: null, since: null, last_error: null, next_try_at: null };
  return { servers: [{ server: 'files', state, ...nothing, ...more }] };
}

test.each([
  ['what says most is told', 'idle', ['idle', 'failed', 'ready'], 'ready'],
  ['idle gateways say nothing', 'logged_in', ['idle'], 'logged_in'],
  ['a failure is told where nobody is better off', 'idle', ['failed', 'needs_login'], 'failed'],
  ['a login that was made since is newer than a gateway that wants one', 'logged_in', ['needs_login'], 'logged_in'],
  ['an open login is newer', 'login_pending', ['needs_login'], 'login_pending'],
  ['an entry that is disabled now is', 'disabled', ['ready'], 'disabled'],
])('of several gateways, %s', (_, state, states, expected) => {
  expect(
    mergedRow(
      row({ state }),
      states.map((one) => told(one)),
    ).state,
  ).toBe(expected);
});

test('a gateway that failed brings its error along, one that is ready its protocol', () => {
  expect(mergedRow(row({}), [told('failed', { last_error: 'gone' })]).last_error).toBe('gone');
  expect(mergedRow(row({}), [told('ready', { protocol: '2025-11-25' })]).protocol).toBe('2025-11-25');
  expect(mergedRow(row({ server: 'other' }), [told('ready')]).state).toBe('idle');
});

test('columns that say nothing are left out; what does not fit into 80 columns stands below its server', () => {
  expect(serverLines([row({})], now)).toEqual(['SERVER  TRANSPORT  STATE', 'files   stdio      idle']);
  const wide = row({
    server: 'notion',
    transport: 'http',
    state: 'logged_in',
    account: 'ann@example.com',
    scope: 'read:everything write:everything offline_access admin:org read:user',
    expires_at: '2026-11-21T12:47:10Z',
    last_error: 'it went wrong, and what it said about that is longer than one line of a terminal is\nline two',
  });
  const lines = serverLines([wide, row({})], now);
  expect(lines).toEqual([
    'SERVER  TRANSPORT  STATE      ACCOUNT          EXPIRES',
    'notion  http       logged_in  ann@example.com  in 47 min',
    '  scope: read:everything write:everything offline_access admin:org read:user',
    '  it went wrong, and what it said about that is longer than one line of a',
    '  terminal is',
    '  line two',
    'files   stdio      idle       -                -',
  ]);
  expect(serverLines([row({ scope: 'read' })], now)[0]).toBe('SERVER  TRANSPORT  STATE  SCOPE');
});

test('E42: a running gateway says which processes it holds, since when, what failed and when it is tried again', () => {
  const servers = [
    ...told('ready', { pids: [4720], since: '2026-11-21T08:55:00Z' }).servers,
    {
      ...told('failed', { last_error: 'line one\nline two', next_try_at: '2026-11-21T12:00:08Z' }).servers[0],
      server: 'b',
    },
    { ...told('idle').servers[0], server: 'c' },
  ] as RecordedServer[];
  const gateway: GatewayRecord = {
    pid: 4711,
    host: 'desk',
    pid_namespace: null,
    portico_version: '1.2.3',
    started_at: '2026-11-20T06:00:00Z',
    client: 'claude-desktop',
    agent: 'coder',
    servers_file: '/home/ann/.mcp.json',
    rules_file: null,
    config_error: null,
    servers,
  };
  const head = [
    '',
    'gateway 4711 on desk (claude-desktop, agent coder), running for 1 d 6 h, version',
    '  1.2.3',
    '  config: /home/ann/.mcp.json',
    '  files: ready, pid 4720, for 3 h 5 min',
    '  b: failed, next try in 8 s',
  ];
  const end = ['  1 other server not in use'];
  expect(gatewayLines([gateway], [], now)).toEqual([...head, '    line one', '    line two', ...end]);
  // The row of that server said it.
  expect(gatewayLines([gateway], [row({ last_error: 'line one\nline two' })], now)).toEqual([...head, ...end]);
  const failed = { ...gateway, servers_file: null, servers: [], config_error: 'no such file' };
  expect(gatewayLines([failed], [], now).slice(-1)).toEqual(['  config not in force: no such file']);
});

test.each([
  [-5, '0 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [3_600_000, '1 h'],
  [11_100_000, '3 h 5 min'],
  [86_400_000, '1 d'],
  [108_000_000, '1 d 6 h'],
  [1_000_000_000, '11 d'],
])('%i ms reads as %s', (ms, text) => {
  expect(durationText(ms)).toBe(text);
});
