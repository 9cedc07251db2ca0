import { describe, expect, it } from 'vitest';
import { canonicalServerUrl, loginKey } from '../../src/auth/server-key.ts';

describe('the canonical server URL', () => {
  it.each([
    ['HTTPS://MCP.Example.com/mcp', 'https://mcp.example.com/mcp'],
    ['https://mcp.example.com:443/mcp', 'https://mcp.example.com/mcp'],
    ['http://mcp.example.com:80/', 'http://mcp.example.com'],
    ['https://mcp.example.com:8443', 'https://mcp.example.com:8443'],
    ['https://mcp.example.com/mcp/', 'https://mcp.example.com/mcp'],
    ['https://mcp.example.com/mcp//', 'https://mcp.example.com/mcp/'],
    ['https://mcp.example.com/mcp#part', 'https://mcp.example.com/mcp'],
    ['https://mcp.example.com/mcp/?tenant=A', 'https://mcp.example.com/mcp?tenant=A'],
    ['https://mcp.example.com/MCP', 'https://mcp.example.com/MCP'],
  ])('of %s is %s', (url, canonical) => {
    expect(canonicalServerUrl(url)).toBe(canonical);
  });
});

describe('A14: the login key', () => {
  it('is documented: the first 32 hex digits of SHA-256 over the canonical URL', () => {
    // printf 'https://mcp.example.com/mcp' | sha256sum
    expect(loginKey('https://mcp.example.com/mcp/')).toBe('7a930d27a3f5c4643da88c1794444840');
  });

  it('tells profiles, paths and queries apart and nothing else', () => {
    const same = ['https://mcp.example.com/mcp', 'https://MCP.example.com:443/mcp/#x'];
    const others = [
      loginKey('https://mcp.example.com/mcp', 'work'),
      loginKey('https://mcp.example.com/mcp', 'home'),
      loginKey('https://mcp.example.com/mcp?a=1'),
      loginKey('https://mcp.example.com/'),
    ];
    expect(new Set([...same.map((url) => loginKey(url)), ...others]).size).toBe(1 + others.length);
  });
});
