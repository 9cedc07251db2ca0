import { describe, expect, it } from 'vitest';
import { coversServer, judgeResourceAnswer, resourceMetadataUrls } from '../../src/auth/protected-resource.ts';
import { answerOf } from './samples.ts';

const serverUrl = 'https://mcp.example/team/mcp';
const judge = (status: number, body: string | object, anyResource = false) =>
  judgeResourceAnswer(answerOf(status, body), { serverUrl, anyResource });

describe('B17: resource metadata is looked for', () => {
  const wellKnown = 'https://mcp.example/.well-known/oauth-protected-resource';
  it.each<[string, string, string | undefined, readonly string[]]>([
    ['at the path, then at the root', 'https://mcp.example/mcp', undefined, [`${wellKnown}/mcp`, wellKnown]],
    ['at the root once', 'https://mcp.example', undefined, [wellKnown]],
    [
      'first where the header says',
      'https://mcp.example/mcp',
      'https://meta.example/x',
      ['https://meta.example/x', `${wellKnown}/mcp`, wellKnown],
    ],
    [
      'not twice where the header says the usual',
      'https://mcp.example/mcp',
      `${wellKnown}/mcp`,
      [`${wellKnown}/mcp`, wellKnown],
    ],
    [
      'with and without a closing slash',
      'https://mcp.example/mcp/',
      undefined,
      [`${wellKnown}/mcp/`, `${wellKnown}/mcp`, wellKnown],
    ],
    [
      'with the query of the server (RFC 9728 section 3.1)',
      'https://mcp.example/mcp?t=1',
      undefined,
      [`${wellKnown}/mcp?t=1`, `${wellKnown}/mcp`, wellKnown],
    ],
  ])('%s', (_what, url, announced, expected) => {
    expect(resourceMetadataUrls(url, announced)).toEqual(expected);
  });
});

describe('B16: a published resource', () => {
  it.each([
    ['https://mcp.example/team/mcp', serverUrl],
    ['https://mcp.example/team/mcp/', serverUrl],
    ['https://mcp.example/team', serverUrl],
    ['https://mcp.example/', serverUrl],
    ['https://mcp.example', serverUrl],
    ['HTTPS://MCP.example:443/team/mcp', serverUrl],
    ['https://mcp.example/mcp', 'https://mcp.example/mcp/'],
    ['https://mcp.example/mcp', 'https://mcp.example/mcp?tenant=1'],
    ['https://mcp.example/mcp?tenant=1', 'https://mcp.example/mcp?tenant=1'],
  ])('%s stands for %s', (resource, url) => {
    expect(coversServer(resource, url)).toBe(true);
  });

  it.each([
    ['https://mcp.example/team/mcp/deeper', serverUrl],
    ['https://mcp.example/team/other', serverUrl],
    ['https://mcp.example/tea', serverUrl],
    ['https://other.example/team/mcp', serverUrl],
    ['http://mcp.example/team/mcp', serverUrl],
    ['https://mcp.example:8443/team/mcp', serverUrl],
    ['https://mcp.example/team/mcp#x', serverUrl],
    ['https://mcp.example/mcp?tenant=2', 'https://mcp.example/mcp?tenant=1'],
    ['mcp', serverUrl],
  ])('%s does not stand for %s', (resource, url) => {
    expect(coversServer(resource, url)).toBe(false);
  });
});

describe('an answer of a metadata URL', () => {
  it('is metadata, its resource exactly as published', () => {
    const body = {
      resource: 'HTTPS://MCP.example',
      authorization_servers: ['https://as.example', 7],
      scopes_supported: ['a'],
    };
    expect(judge(200, body)).toEqual({
      kind: 'usable',
      metadata: {
        resource: 'HTTPS://MCP.example',
        authorizationServers: ['https://as.example'],
        scopesSupported: ['a'],
      },
    });
  });

  it.each<[string, number, string | object, string]>([
    ['of another resource', 200, { resource: 'https://other.example' }, 'foreign'],
    ['that is a web page', 200, '<!doctype html>', 'unusable'],
    ['that is a list', 200, '[]', 'unusable'],
    ['that is an error with status 200', 200, { error: 'not found' }, 'unusable'],
    ['with 404', 404, { resource: serverUrl }, 'unusable'],
    ['with 502', 502, '', 'unusable'],
    ['without a resource', 200, { authorization_servers: ['https://as.example'] }, 'usable'],
    ['without authorization servers', 200, { resource: serverUrl }, 'usable'],
  ])('%s is %4$s', (_what, status, body, kind) => {
    expect(judge(status, body).kind).toBe(kind);
  });

  it('of another resource is taken where the user named the resource', () => {
    expect(judge(200, { resource: 'https://other.example' }, true).kind).toBe('usable');
  });
});
