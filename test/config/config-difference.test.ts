// Tests of src/config/config-difference.ts and src/lib/same-value.ts.
import { expect, it } from 'vitest';
import { isSameServer, serverDifference } from '../../src/config/config-difference.ts';
import type { ConfiguredServer, HttpServerEntry, ServerEntry } from '../../src/config/server-entry.ts';
import { Secret } from '../../src/lib/secret.ts';
import { httpEntry, stdioEntry } from '../downstream/surroundings.ts';

function config(...servers: readonly (ServerEntry | ConfiguredServer)[]): ReadonlyMap<string, ConfiguredServer> {
  return new Map(
    servers.map((server) => [
      server.name,
      'state' in server ? server : { state: 'usable', name: server.name, entry: server },
    ]),
  );
}

function broken(name: string, line: number, message = 'both command and url'): ConfiguredServer {
  const issue = {
    severity: 'error',
    file: '/c.json',
    line,
    column: 1,
    pointer: `/mcpServers/${name}`,
    message,
  } as const;
  return { state: 'broken', name, issues: [issue] };
}

const oauth = (more: object = {}): HttpServerEntry['oauth'] => ({
  grantType: 'authorization_code',
  dpop: false,
  callbackHost: '127.0.0.1',
  authorizationParams: {},
  ...more,
});

it('G52: says of each server whether it is new, another, adjusted, gone, or as it was', () => {
  const before = config(
    stdioEntry({ name: 'same', env: { A: '1', B: '2' } }),
    stdioEntry({ name: 'other', env: { A: '1' } }),
    stdioEntry({ name: 'patient' }),
    stdioEntry({ name: 'gone' }),
    broken('broken', 3),
    broken('repaired', 9),
  );
  const after = config(
    broken('broken', 4),
    stdioEntry({ name: 'same', env: { B: '2', A: '1' } }),
    stdioEntry({ name: 'other', env: { A: '2' } }),
    stdioEntry({ name: 'patient', timeoutMs: 1, description: 'slow', expose: 'direct' }),
    stdioEntry({ name: 'repaired' }),
    stdioEntry({ name: 'new' }),
  );
  expect(serverDifference(before, after)).toEqual({
    added: ['new'],
    changed: ['other', 'repaired'],
    adjusted: ['patient'],
    removed: ['gone'],
    unchanged: ['broken', 'same'],
  });
});

it.each<[string, ServerEntry, ServerEntry]>([
  ['a command', stdioEntry(), stdioEntry({ command: 'other' })],
  ['the order of arguments', stdioEntry({ args: ['a', 'b'] }), stdioEntry({ args: ['b', 'a'] })],
  ['one more argument', stdioEntry({ args: ['a'] }), stdioEntry({ args: ['a', 'b'] })],
  ['an entry that was disabled', stdioEntry(), stdioEntry({ disabled: true })],
  ['what is inherited', stdioEntry({ inheritEnv: true }), stdioEntry({ inheritEnv: [] })],
  ['the revision', stdioEntry(), stdioEntry({ protocol: '2025-06-18' })],
  ['a URL', httpEntry('https://a.test/mcp'), httpEntry('https://b.test/mcp')],
  ['a profile', httpEntry('https://a.test/mcp'), httpEntry('https://a.test/mcp', { profile: 'work' })],
  [
    'a client secret, which shows nowhere',
    httpEntry('https://a.test/mcp', { oauth: oauth({ clientId: 'a', clientSecret: new Secret('one') }) }),
    httpEntry('https://a.test/mcp', { oauth: oauth({ clientId: 'a', clientSecret: new Secret('two') }) }),
  ],
  ['no logins any more', httpEntry('https://a.test/mcp', { oauth: oauth() }), httpEntry('https://a.test/mcp')],
])('makes another server of %s', (_what, one, other) => {
  expect(isSameServer(one, other)).toBe(false);
});

it('compares secrets by what they hide', () => {
  const entry = () => httpEntry('https://a.test/mcp', { oauth: oauth({ clientSecret: new Secret('one') }) });
  expect(isSameServer(entry(), entry())).toBe(true);
});
