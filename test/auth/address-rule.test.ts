import { describe, expect, it } from 'vitest';
import { createAddressRule } from '../../src/auth/address-rule.ts';

const addresses: Readonly<Record<string, readonly string[]>> = {
  'mcp.example': ['203.0.113.7'],
  'mcp.corp.example': ['10.1.2.3'],
  '127.0.0.1': ['127.0.0.1'],
  localhost: ['::1', '127.0.0.1'],
};
const resolve = async (hostname: string): Promise<readonly string[]> => addresses[hostname] ?? [];
const judge = (server: string, found: readonly string[], change: { issuer?: string; hostname?: string } = {}) =>
  createAddressRule({ serverUrl: `https://${server}/mcp`, issuer: change.issuer }, resolve)(
    change.hostname ?? 'as.example',
    found,
  );

describe('H57: a host that the metadata of a server name', () => {
  it.each<[string, string, readonly string[]]>([
    ['a public server', 'mcp.example', ['203.0.113.8', '2001:db8::1']],
    ['a server in the same network', 'mcp.corp.example', ['10.9.9.9']],
    ['a server on this machine', '127.0.0.1', ['127.0.0.1']],
    ['a server on this machine by name', 'localhost', ['::1']],
  ])('is connected to for %s', async (_case, server, found) => {
    expect(await judge(server, found)).toBeUndefined();
  });

  it.each<[string, string, readonly string[]]>([
    ['a public server and a private address', 'mcp.example', ['192.168.1.1']],
    ['a public server and one private address of several', 'mcp.example', ['203.0.113.8', '10.0.0.1']],
    ['a public server and this machine', 'mcp.example', ['127.0.0.1']],
    ['a public server and this machine in IPv6', 'mcp.example', ['::1']],
    ['a public server and a mapped address', 'mcp.example', ['::ffff:127.0.0.1']],
    ['a public server and a unique local address', 'mcp.example', ['fd00::1']],
    ['a public server and the place where clouds keep credentials', 'mcp.example', ['169.254.169.254']],
    ['an internal server and that place', 'mcp.corp.example', ['169.254.169.254']],
    ['an internal server and this machine', 'mcp.corp.example', ['127.0.0.1']],
  ])('is not connected to for %s', async (_case, server, found) => {
    expect(await judge(server, found)).toMatch(/^as\.example has the private address /);
  });

  it('is connected to wherever it is when it is the server itself, or the user named it', async () => {
    expect(await judge('mcp.example', ['10.0.0.1'], { hostname: 'mcp.example' })).toBeUndefined();
    expect(await judge('mcp.example', ['10.0.0.1'], { issuer: 'https://as.example/tenant' })).toBeUndefined();
  });
});
