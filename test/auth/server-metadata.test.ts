import { describe, expect, it } from 'vitest';
import { judgeMetadataAnswer, serverMetadataUrls } from '../../src/auth/server-metadata.ts';
import { answerOf } from './samples.ts';

const issuer = 'https://as.example/tenant';
const document = {
  issuer,
  authorization_endpoint: 'https://as.example/tenant/authorize',
  token_endpoint: 'https://as.example/tenant/token',
  registration_endpoint: 'https://as.example/tenant/register',
};
const judge = (status: number, body: string | object, change: object = {}) =>
  judgeMetadataAnswer(answerOf(status, body), {
    issuer,
    grantType: 'authorization_code',
    context: { serverUrl: 'https://mcp.example/mcp' },
    ...change,
  });

describe('B17: the metadata of an issuer is looked for', () => {
  const oauth = '.well-known/oauth-authorization-server';
  const oidc = '.well-known/openid-configuration';
  it.each<[string, string, readonly string[]]>([
    [
      'with a path at six places, in order',
      issuer,
      [
        `https://as.example/${oauth}/tenant`,
        `https://as.example/${oidc}/tenant`,
        `https://as.example/tenant/${oidc}`,
        `https://as.example/tenant/${oauth}`,
        `https://as.example/${oauth}`,
        `https://as.example/${oidc}`,
      ],
    ],
    ['without a path at two', 'https://as.example/', [`https://as.example/${oauth}`, `https://as.example/${oidc}`]],
  ])('%s', (_what, of, expected) => {
    expect(serverMetadataUrls(of)).toEqual(expected);
  });
});

describe('an answer of a metadata URL', () => {
  it('is used with the members that have the right type, and no others', () => {
    const verdict = judge(200, {
      ...document,
      scopes_supported: ['a', 1],
      code_challenge_methods_supported: 'S256',
      authorization_response_iss_parameter_supported: 'yes',
      revocation_endpoint: 'http://as.example/revoke',
      userinfo_endpoint: 7,
      anything: { else: true },
    });
    expect(verdict).toEqual({ kind: 'usable', as: { ...document, scopes_supported: ['a'] } });
  });

  it.each<[string, number, string | object, object, string]>([
    ['with 404', 404, document, {}, 'unusable'],
    ['with 201', 201, document, {}, 'unusable'],
    ['that is a web page', 200, '<html>', {}, 'unusable'],
    ['that is cut off', 200, '{"issuer": "', {}, 'unusable'],
    ['without an issuer', 200, { ...document, issuer: undefined }, {}, 'unusable'],
    ['of another issuer', 200, { ...document, issuer: 'https://evil.example' }, {}, 'foreign'],
    ['of another tenant', 200, { ...document, issuer: 'https://as.example/other' }, {}, 'foreign'],
    ['of the root, for a tenant', 200, { ...document, issuer: 'https://as.example' }, {}, 'foreign'],
    ['whose issuer is no URL', 200, { ...document, issuer: 'as' }, {}, 'foreign'],
    ['without a token endpoint', 200, { ...document, token_endpoint: undefined }, {}, 'unusable'],
    ['without an authorization endpoint', 200, { ...document, authorization_endpoint: undefined }, {}, 'unusable'],
    [
      'without one, where no browser is needed',
      200,
      { ...document, authorization_endpoint: undefined },
      { grantType: 'client_credentials' },
      'usable',
    ],
    [
      'whose token endpoint is plain http',
      200,
      { ...document, token_endpoint: 'http://as.example/token' },
      {},
      'unusable',
    ],
    [
      'whose endpoint is inside our network',
      200,
      { ...document, token_endpoint: 'https://10.0.0.1/token' },
      {},
      'unusable',
    ],
    [
      'whose authorize URL is script',
      200,
      { ...document, authorization_endpoint: 'javascript:alert(1)' },
      {},
      'unusable',
    ],
    [
      'of a root issuer that adds a slash',
      200,
      { ...document, issuer: 'https://as.example/' },
      { issuer: 'https://as.example' },
      'usable',
    ],
  ])('%s is %5$s', (_what, status, body, change, kind) => {
    expect(judge(status, body, change).kind).toBe(kind);
  });
});
