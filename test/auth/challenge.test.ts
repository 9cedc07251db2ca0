import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bearerChallenge, parseChallenges } from '../../src/auth/challenge.ts';

const plain = (header: string | null) =>
  parseChallenges(header).map(({ scheme, token68, parameters }) => ({
    scheme,
    ...(token68 !== undefined && { token68 }),
    ...Object.fromEntries(parameters),
  }));

describe('challenges are read from', () => {
  it.each<[string, string | null, object[]]>([
    ['no header', null, []],
    ['an empty header', '', []],
    ['a bare scheme', 'Bearer', [{ scheme: 'bearer' }]],
    [
      'one challenge',
      'Bearer realm="x", error="invalid_token"',
      [{ scheme: 'bearer', realm: 'x', error: 'invalid_token' }],
    ],
    [
      'parameters without quotes',
      'Bearer error=invalid_token, scope=a',
      [{ scheme: 'bearer', error: 'invalid_token', scope: 'a' }],
    ],
    ['blanks around the equals sign', 'Bearer realm = "x"', [{ scheme: 'bearer', realm: 'x' }]],
    [
      'quoted text with escapes and commas',
      String.raw`Bearer realm="a \"b\", Basic c=\\d"`,
      [{ scheme: 'bearer', realm: 'a "b", Basic c=\\d' }],
    ],
    ['names in any case', 'BEARER Resource_Metadata="u"', [{ scheme: 'bearer', resource_metadata: 'u' }]],
    [
      'several challenges, Bearer last',
      'Basic realm="r", Bearer scope="a b"',
      [
        { scheme: 'basic', realm: 'r' },
        { scheme: 'bearer', scope: 'a b' },
      ],
    ],
    [
      'a token68',
      'Negotiate YII+/=, Bearer realm="r"',
      [
        { scheme: 'negotiate', token68: 'YII+/=' },
        { scheme: 'bearer', realm: 'r' },
      ],
    ],
    [
      'bare schemes before it',
      'Negotiate, NTLM, Bearer scope="a"',
      [{ scheme: 'negotiate' }, { scheme: 'ntlm' }, { scheme: 'bearer', scope: 'a' }],
    ],
    ['empty list members', ', ,Bearer realm="r",, error="e",', [{ scheme: 'bearer', realm: 'r', error: 'e' }]],
    ['missing commas between parameters', 'Bearer realm="r" error="e"', [{ scheme: 'bearer', realm: 'r', error: 'e' }]],
    [
      'a parameter that comes twice (the first counts)',
      'Bearer scope="a", scope="b"',
      [{ scheme: 'bearer', scope: 'a' }],
    ],
    [
      'a quote that never ends (what came before counts)',
      'Bearer error="e", realm="open',
      [{ scheme: 'bearer', error: 'e' }],
    ],
    ['something that is no challenge', '"?" Bearer', []],
  ])('%s', (_what, header, expected) => {
    expect(plain(header)).toEqual(expected);
  });

  it('any text, without failing and in time that grows with its length', () => {
    fc.assert(fc.property(fc.string({ maxLength: 300 }), (text) => Array.isArray(parseChallenges(text))));
    expect(parseChallenges(`Bearer ${'a='.repeat(50_000)}`)).toHaveLength(1);
  });
});

describe('what a response asks of a bearer', () => {
  const of = (...lines: string[]) =>
    bearerChallenge(new Response(null, { status: 401, headers: lines.map((line) => ['www-authenticate', line]) }));

  it.each<[string, string[], object]>([
    ['nothing', [], {}],
    ['nothing, from another scheme', ['Negotiate'], {}],
    [
      'everything',
      ['Bearer resource_metadata="https://a/b", scope="x y", error="invalid_token", error_description="d"'],
      { resourceMetadataUrl: 'https://a/b', scope: 'x y', error: 'invalid_token', errorDescription: 'd' },
    ],
    ['what the second header line says', ['Basic realm="r"', 'Bearer scope="x"'], { scope: 'x' }],
    [
      'resource metadata with another scheme (RFC 9728 section 5.1)',
      ['GNAP resource_metadata="https://a"'],
      { resourceMetadataUrl: 'https://a' },
    ],
    ['DPoP where no bearer token is taken (RFC 9449 section 7.1)', ['DPoP algs="ES256"'], { dpop: true }],
    ['no DPoP where a bearer token is taken as well', ['DPoP algs="ES256"', 'Bearer scope="x"'], { scope: 'x' }],
    [
      'the join of two Bearer challenges',
      ['Bearer error="e"', 'Bearer resource_metadata="https://a"'],
      { error: 'e', resourceMetadataUrl: 'https://a' },
    ],
    ['nothing where a value is empty', ['Bearer scope="", error=""'], {}],
    ['no scope of a scheme that is not about tokens', ['Basic scope="x"'], {}],
  ])('%s', (_what, lines, expected) => {
    expect(of(...lines)).toEqual(expected);
  });
});
