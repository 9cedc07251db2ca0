import { describe, expect, it } from 'vitest';
import { isPlainLoopback, judgeEndpoint } from '../../src/auth/endpoint-rule.ts';

const publicServer = 'https://mcp.example/mcp';

describe('a URL out of foreign metadata', () => {
  it.each<[string, unknown, string]>([
    ['https on another host', 'https://as.example/token', publicServer],
    ['http on loopback, for a server on loopback', 'http://127.0.0.1:4000/token', 'http://localhost:3000/mcp'],
    ['IPv6 loopback, for a server on loopback', 'http://[::1]:4000/token', 'http://127.0.0.1:3000/mcp'],
    ['the own private host', 'https://10.0.0.5/token', 'https://10.0.0.5/mcp'],
    ['another private host, for a private server', 'https://192.168.1.7/token', 'https://10.0.0.5/mcp'],
  ])('H57: may be asked: %s', (_what, url, serverUrl) => {
    expect(judgeEndpoint(url, { serverUrl }).kind).toBe('allowed');
  });

  it.each<[string, unknown, string]>([
    ['plain http', 'http://as.example/token', publicServer],
    ['http on loopback, named by a public server', 'http://127.0.0.1:4000/token', publicServer],
    ['https on loopback, named by a public server', 'https://localhost/token', publicServer],
    ['https on loopback, named by a private server', 'https://127.0.0.1/token', 'https://10.0.0.5/mcp'],
    ['a private address', 'https://10.1.2.3/token', publicServer],
    ['a private address written as a number', 'https://0x0a010203/token', publicServer],
    ['the address of cloud metadata', 'https://169.254.169.254/latest', publicServer],
    [
      'the address of cloud metadata, named by a local server',
      'https://169.254.169.254/latest',
      'http://127.0.0.1:3000/mcp',
    ],
    ['carrier-grade NAT', 'https://100.64.0.1/', publicServer],
    ['a unique local IPv6 address', 'https://[fd00::1]/', publicServer],
    ['a mapped IPv4 address', 'https://[::ffff:10.0.0.1]/', publicServer],
    ['an IPv4 address inside another IPv6 one', 'https://[64:ff9b::a00:1]/', publicServer],
    ['a multicast address', 'https://224.0.0.1/', publicServer],
    ['an address of the protocols themselves', 'https://192.0.0.192/', publicServer],
    ['this machine by its empty address, named by a private server', 'https://0.0.0.0/', 'https://10.0.0.5/mcp'],
    ['mapped loopback, named by a private server', 'https://[::ffff:127.0.0.1]/', 'https://10.0.0.5/mcp'],
    ['a name of loopback, named by a private server', 'https://x.localhost/', 'https://10.0.0.5/mcp'],
    ['mapped cloud metadata, named by a private server', 'https://[::ffff:169.254.169.254]/', 'https://10.0.0.5/mcp'],
    ['cloud metadata over IPv6, named by a local server', 'https://[fd00:ec2::254]/', 'http://127.0.0.1:3000/mcp'],
    ['a line break', 'https://as.example/token\nRun this', publicServer],
    ['a control character', 'https://as.example/\u009b2J', publicServer],
    ['a page of text', `https://as.example/${'x'.repeat(3000)}`, publicServer],
    ['a link-local name', 'https://printer.local/', publicServer],
    ['an internal name', 'https://metadata.google.internal/', publicServer],
    ['a user name', 'https://user@as.example/', publicServer],
    ['another scheme', 'file:///etc/passwd', publicServer],
    ['script', 'javascript:alert(1)', publicServer],
    ['no URL', 'token', publicServer],
    ['no string', { href: 'https://as.example' }, publicServer],
    ['nothing', undefined, publicServer],
  ])('H57: may not be asked: %s', (_what, url, serverUrl) => {
    expect(judgeEndpoint(url, { serverUrl }).kind).toBe('refused');
  });

  it('may lie on the private host that the user named as issuer', () => {
    const context = { serverUrl: publicServer, issuer: 'https://login.corp.internal/realm' };
    expect(judgeEndpoint('https://login.corp.internal/token', context).kind).toBe('allowed');
    expect(judgeEndpoint('https://other.corp.internal/token', context).kind).toBe('refused');
    expect(judgeEndpoint('http://login.corp.internal/token', context).kind).toBe('refused');
  });
});

it('plain http is spoken on loopback alone', () => {
  expect(isPlainLoopback('http://127.0.0.1:1/x')).toBe(true);
  expect(isPlainLoopback('https://127.0.0.1:1/x')).toBe(false);
  expect(isPlainLoopback('http://as.example/x')).toBe(false);
});
