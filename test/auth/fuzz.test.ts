// Owns the tests with hostile input at every door of the room: nothing crashes, nothing hangs, and nothing is asked
// where the rules forbid it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Answer } from '../../src/auth/answer.ts';
import { readAnswer } from '../../src/auth/answer.ts';
import { judgeCallback } from '../../src/auth/authorize.ts';
import { bearerChallenge, parseChallenges } from '../../src/auth/challenge.ts';
import { discover } from '../../src/auth/discover.ts';
import { parseLoginRecord } from '../../src/auth/login-record.ts';
import { parsePastedCallback } from '../../src/auth/pasted-callback.ts';
import { judgeResourceAnswer } from '../../src/auth/protected-resource.ts';
import { refreshTokens } from '../../src/auth/refresh.ts';
import { judgeMetadataAnswer } from '../../src/auth/server-metadata.ts';
import { judgeTokenAnswer } from '../../src/auth/token-response.ts';
import { GatewayError } from '../../src/errors.ts';
import type { FetchLike } from '../../src/lib/fetch-like.ts';
import { oauth, publicClient, sampleDiscovery, sampleRecord } from './samples.ts';

const serverUrl = 'https://mcp.example/mcp';

/** URLs as an attacker writes them into metadata. */
const hostileUrl = fc.oneof(
  fc.constantFrom(
    'http://169.254.169.254/latest/meta-data/',
    'https://169.254.169.254/',
    'https://10.0.0.1/token',
    'https://[::1]/token',
    'https://[::ffff:10.0.0.1]/token',
    'https://[fd00::1]/',
    'http://localhost/token',
    'https://localhost:8443/token',
    'https://2130706433/token',
    'https://0x7f.1/token',
    'https://127.1/token',
    'https://printer.local/token',
    'https://user:password@as.example/token',
    'http://as.example/token',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'data:text/html,x',
    'https://as.example/token',
    'https://as.example',
    'https://mcp.example',
    '//as.example/token',
    'https://',
    '',
  ),
  fc.webUrl({ withFragments: true, withQueryParameters: true }),
  fc.string(),
);

const anything = fc.oneof(hostileUrl, fc.jsonValue(), fc.array(hostileUrl), fc.constant('__proto__'));

/** An object with the members a document should have, each of them anything. */
function documentOf(...names: readonly string[]): fc.Arbitrary<object> {
  const members = Object.fromEntries(names.map((name) => [name, anything]));
  return fc.oneof(fc.record(members, { requiredKeys: [] }), fc.object());
}

/** The rule in other words than the code's: plain http, this machine, private and link-local addresses, names for them. */
function isForbidden(url: string): boolean {
  const { protocol, hostname, username } = new URL(url);
  const inside = /^(?:0|10|127)\.|^169\.254\.|^192\.168\.|^\[(?:::|f[cd]|fe[89ab])|localhost|\.local$/u;
  return protocol !== 'https:' || username !== '' || inside.test(hostname);
}

const resourceDocument = fc.oneof(
  documentOf('resource', 'authorization_servers', 'scopes_supported'),
  fc.record({ resource: fc.constant(serverUrl), authorization_servers: fc.array(hostileUrl, { minLength: 1 }) }),
);
const serverDocument = documentOf(
  'issuer',
  'authorization_endpoint',
  'token_endpoint',
  'registration_endpoint',
  'revocation_endpoint',
  'scopes_supported',
  'code_challenge_methods_supported',
  'token_endpoint_auth_methods_supported',
);
const tokenDocument = documentOf(
  'access_token',
  'token_type',
  'expires_in',
  'refresh_token',
  'scope',
  'id_token',
  'error',
);

/** Half of the answers are documents, the others whatever a server may say instead. */
function answerWith(document: fc.Arbitrary<object>): fc.Arbitrary<Answer> {
  const status = fc.oneof(
    fc.constantFrom(200, 200, 200, 201, 204, 400, 401, 403, 404, 500, 503),
    fc.integer({ min: 200, max: 599 }),
  );
  const text = fc.oneof(
    document.map((value) => JSON.stringify(value)),
    fc.string(),
    fc.json(),
  );
  return fc.tuple(status, text).map(([code, body]) => answerOf(code, body));
}

function answerOf(status: number, text: string): Answer {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  const isObject = typeof json === 'object' && json !== null && !Array.isArray(json);
  return { status, text, ...(isObject && { json: json as Record<string, unknown> }) };
}

describe('hostile headers', () => {
  const header = fc.oneof(
    fc.string({ maxLength: 2000 }),
    fc
      .array(fc.constantFrom('Bearer', 'DPoP', ' ', ',', '=', '"', '\\', 'scope', 'a"b', 'x==', '\t', '\u0000'), {
        maxLength: 400,
      })
      .map((parts) => parts.join('')),
  );

  it('WWW-Authenticate of any shape is read to its end', () => {
    fc.assert(
      fc.property(header, (text) => {
        for (const { scheme, parameters } of parseChallenges(text)) {
          expect(scheme).toBe(scheme.toLowerCase());
          expect([...parameters.values()].every((value) => typeof value === 'string')).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('a challenge of 200,000 characters is read in one pass', () => {
    for (const piece of ['Bearer ', 'a="', '"\\', ',,,', 'x=,', 'B a=b,']) {
      expect(parseChallenges(piece.repeat(200_000 / piece.length))).toBeInstanceOf(Array);
    }
  });

  it('what is made of it is text or nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'Bearer scop="=,\\x '), maxLength: 200 }), (text) => {
        const challenge = bearerChallenge(new Response(null, { headers: { 'www-authenticate': text } }));
        for (const value of Object.values(challenge)) expect(['string', 'boolean']).toContain(typeof value);
      }),
    );
  });
});

describe('hostile documents', () => {
  it('resource metadata is used only for a resource that covers the server', () => {
    fc.assert(
      fc.property(answerWith(resourceDocument), (answer) => {
        const verdict = judgeResourceAnswer(answer, { serverUrl, anyResource: false });
        if (verdict.kind !== 'usable' || verdict.metadata.resource === undefined) return;
        expect(new URL(verdict.metadata.resource).origin).toBe('https://mcp.example');
      }),
      { numRuns: 2000 },
    );
  });

  it('metadata of an authorization server is used only with endpoints that may be asked', () => {
    const good = fc.constant('https://as.example/ask');
    const endpoint = fc.oneof(good, hostileUrl);
    const plausible = fc.record({
      authorization_endpoint: endpoint,
      token_endpoint: good,
      revocation_endpoint: endpoint,
    });
    const named = fc.oneof(serverDocument, plausible).map((value) => ({ ...value, issuer: 'https://as.example' }));
    fc.assert(
      fc.property(answerWith(named), (answer) => {
        const context = { serverUrl };
        const expected = { issuer: 'https://as.example', grantType: 'authorization_code' as const, context };
        const verdict = judgeMetadataAnswer(answer, expected);
        if (verdict.kind !== 'usable') return;
        for (const [name, value] of Object.entries(verdict.as)) {
          if (name.endsWith('_endpoint')) expect(isForbidden(value as string)).toBe(false);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('a token answer gives a token that a header can carry, or none', () => {
    fc.assert(
      fc.property(answerWith(tokenDocument), (answer) => {
        const verdict = judgeTokenAnswer(answer, { now: 1_700_000_000_000 });
        if (verdict.kind !== 'tokens') return;
        const { access_token: token, expires_at: expiresAt = 0 } = verdict.tokens;
        expect(new Headers({ authorization: `Bearer ${token}` }).get('authorization')).toBe(`Bearer ${token}`);
        expect(Number.isFinite(expiresAt)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('a login file is a record with members of the right type, or says what is wrong without showing it', () => {
    const mutated = fc
      .tuple(fc.constantFrom(...Object.keys(sampleRecord())), anything)
      .map(([name, value]) => ({ ...sampleRecord(), [name]: value }));
    fc.assert(
      fc.property(fc.oneof(mutated, fc.jsonValue(), documentOf('tokens', 'client', 'issuer')), (value) => {
        const parsed = parseLoginRecord(value);
        if (parsed.kind === 'invalid') {
          expect(parsed.reason).toMatch(/^[a-z_. ]+ (?:is|holds|missing)/iu);
          return;
        }
        const { record } = parsed;
        expect(URL.canParse(record.token_endpoint) && URL.canParse(record.server_url)).toBe(true);
        expect(typeof record.client.client_id).toBe('string');
        expect(typeof (record.tokens?.access_token ?? '')).toBe('string');
      }),
      { numRuns: 2000 },
    );
  });
});

describe('hostile callbacks', () => {
  const pair = fc.tuple(
    fc.constantFrom('code', 'state', 'iss', 'error', 'error_description', 'x'),
    fc.oneof(fc.string(), hostileUrl),
  );
  const query = fc.array(pair, { maxLength: 8 }).map((pairs) => new URLSearchParams(pairs));

  it('are taken with the right state and one code, or refused by one error of ours', () => {
    fc.assert(
      fc.property(query, (parameters) => {
        const input = { server: 'crm', discovery: sampleDiscovery(), client: publicClient, state: 'right', parameters };
        try {
          const accepted = judgeCallback(input);
          expect(accepted.getAll('state')).toEqual(['right']);
          expect(accepted.getAll('code')).toHaveLength(1);
        } catch (error) {
          expect(error).toBeInstanceOf(GatewayError);
          // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach a terminal.
          expect((error as Error).message).not.toMatch(/[\u0000-\u0008\u001b\u009b]/u);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('that were pasted hold a state, or are refused without being quoted', () => {
    const pasted = fc.oneof(
      fc.string(),
      hostileUrl,
      query.map((parameters) => `http://127.0.0.1:1/callback?${parameters}`),
    );
    fc.assert(
      fc.property(pasted, (text) => {
        try {
          expect(parsePastedCallback('crm', text).has('state')).toBe(true);
        } catch (error) {
          expect(error).toMatchObject({ code: 'INVALID_ARGUMENTS' });
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('hostile servers', () => {
  /** A network in which every host answers what the case says; what was asked is noted. */
  function networkOf(answers: readonly Answer[]): { fetch: FetchLike; asked: string[] } {
    const asked: string[] = [];
    const fetch: FetchLike = async (url) => {
      const answer = answers[asked.length % answers.length] ?? answerOf(404, '');
      asked.push(new URL(url).href);
      const body = [204, 205, 304].includes(answer.status) ? null : answer.text;
      return new Response(body, { status: answer.status });
    };
    return { fetch, asked };
  }

  const hostileAnswers = fc.array(answerWith(fc.oneof(resourceDocument, serverDocument)), {
    minLength: 1,
    maxLength: 6,
  });

  it('never make discovery ask a forbidden place, nor go on without an end', async () => {
    await fc.assert(
      fc.asyncProperty(hostileAnswers, hostileUrl, async (answers, announced) => {
        const { fetch, asked } = networkOf(answers);
        const challenge = { resourceMetadataUrl: announced };
        const input = { server: 'crm', serverUrl, challenge, settings: oauth };
        await discover({ fetch }, input).catch((error: unknown) => expect(error).toBeInstanceOf(GatewayError));
        expect(asked.filter(isForbidden)).toEqual([]);
        expect(asked.length).toBeLessThan(200);
      }),
      { numRuns: 500 },
    );
  });

  it('never make a refresh ask a forbidden place, and end a login only by a verdict', async () => {
    const dead = ['invalid_grant', 'invalid_client', 'unauthorized_client'];
    await fc.assert(
      fc.asyncProperty(hostileUrl, answerWith(tokenDocument), async (endpoint, answer) => {
        const { fetch, asked } = networkOf([answer]);
        const record = sampleRecord({ token_endpoint: endpoint });
        const verdict = await refreshTokens({ fetch, now: () => 1_700_000_000_000 }, { server: 'crm', record });
        expect(asked.filter(isForbidden)).toEqual([]);
        expect(asked.length).toBeLessThanOrEqual(1);
        if (verdict.kind === 'dead') expect(dead).toContain((answer.json as { error?: unknown }).error);
      }),
      { numRuns: 1000 },
    );
  });

  it('answers of any kind become plain data', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), async (bytes) => {
        const answer = await readAnswer(new Response(bytes as Uint8Array<ArrayBuffer>));
        expect(typeof answer.text).toBe('string');
      }),
    );
  });
});
