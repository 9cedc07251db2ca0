import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { beginAuthorization } from '../../../src/auth/authorize.ts';
import { configuredClient } from '../../../src/auth/configured-client.ts';
import { discover } from '../../../src/auth/discover.ts';
import { createMemoryTokenStore } from '../../../src/auth/memory-token-store.ts';
import { loginKey } from '../../../src/auth/server-key.ts';
import type { LoginRecord } from '../../../src/auth/token-store.ts';
import type { DoctorReport, DoctorStep, StepName } from '../../../src/auth/trace/report.ts';
import type { TraceDeps } from '../../../src/auth/trace/trace-login.ts';
import { traceLogin } from '../../../src/auth/trace/trace-login.ts';
import type { HttpServerEntry, OAuthSettings } from '../../../src/config/server-entry.ts';
import { Secret } from '../../../src/lib/secret.ts';
import { httpEntry, oauth, publicClient, sampleRecord } from '../samples.ts';
import type { Reply } from '../scripted-server.ts';
import { challenge, fetchOf, resourceMetadata, type Site, serverMetadata } from './vendor-sites.ts';

const url = 'https://mcp.vendor.example/mcp';
const origin = 'https://mcp.vendor.example';
const issuer = 'https://as.vendor.example';
const prm = `${origin}/.well-known/oauth-protected-resource/mcp`;
const rootPrm = `${origin}/.well-known/oauth-protected-resource`;
const asMetadata = `${issuer}/.well-known/oauth-authorization-server`;

/** A server that everything is right with. */
const plain: Site = {
  [url]: challenge(`resource_metadata="${prm}"`),
  [prm]: resourceMetadata(url, issuer, { scopes_supported: ['read'] }),
  [asMetadata]: serverMetadata(issuer),
};

const directories: string[] = [];
afterEach(async () => {
  await Promise.all(directories.splice(0).map((directory) => rm(directory, { recursive: true, force: true })));
});

interface Case {
  readonly site: Site;
  readonly elsewhere?: Reply;
  readonly settings?: Partial<OAuthSettings>;
  readonly entry?: Partial<HttpServerEntry>;
  readonly record?: LoginRecord;
  readonly deps?: Partial<TraceDeps>;
  readonly limitMs?: number;
}

const now = 1_700_000_000_000;

async function trace({ site, elsewhere, settings, entry = {}, record, deps, limitMs }: Case) {
  const tokenDirectory = await mkdtemp(join(tmpdir(), 'portico-doctor-'));
  directories.push(tokenDirectory);
  const fetch = fetchOf(site, elsewhere);
  const store = createMemoryTokenStore();
  const patient: HttpServerEntry = { ...httpEntry, url, oauth: { ...oauth, ...settings }, ...entry };
  if (record) await store.write(loginKey(patient.url, patient.profile), record);
  const report = await traceLogin(
    {
      fetch,
      store,
      leases: { read: async () => undefined, isFresh: () => false },
      lookUp: async () => ['203.0.113.7'],
      env: {},
      now: () => now,
      ...deps,
    },
    { entry: patient, config: { file: '/home/u/.mcp.json', issues: [] }, tokenDirectory, ...(limitMs && { limitMs }) },
  );
  return { report, fetch, patient };
}

function stepOf(report: DoctorReport, name: StepName): DoctorStep {
  const step = report.steps.find((one) => one.step === name);
  if (!step) throw new Error(`no step ${name} in ${report.steps.map((one) => one.step).join(' ')}`);
  return step;
}

function stringsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsOf) : [];
}

interface Row extends Case {
  readonly name: string;
  readonly verdict: 'ok' | 'needs_login' | 'problem';
  /** The first step that fails, or the one that the facts are of. */
  readonly step: StepName;
  readonly requirement?: readonly [spec: string, section: string];
  readonly config?: string;
  readonly facts?: object;
}

const noRegistration = { registration_endpoint: undefined };

const rows: readonly Row[] = [
  {
    name: 'everything right',
    site: plain,
    verdict: 'needs_login',
    step: 'client',
    facts: { way: 'dynamic_registration', redirect_uri: 'http://127.0.0.1:*/callback' },
  },
  {
    name: 'B15: GitHub, no registration',
    site: { ...plain, [asMetadata]: serverMetadata(issuer, noRegistration) },
    verdict: 'problem',
    step: 'client',
    requirement: ['MCP 2025-11-25', 'Authorization, Client Registration Approaches'],
    config: '"oauth": {"clientId": "…", "callbackPort": 33418}',
  },
  {
    name: 'B15: HubSpot, no registration and a secret is wanted',
    site: {
      ...plain,
      [asMetadata]: serverMetadata(issuer, {
        ...noRegistration,
        token_endpoint_auth_methods_supported: ['client_secret_post'],
      }),
    },
    verdict: 'problem',
    step: 'client',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of the config
    config: '"oauth": {"clientId": "…", "clientSecret": "${CLIENT_SECRET}", "callbackPort": 33418}',
  },
  {
    name: 'B15: no registration, and the config names the client',
    site: { ...plain, [asMetadata]: serverMetadata(issuer, noRegistration) },
    settings: { clientId: 'abc', callbackPort: 4000 },
    verdict: 'needs_login',
    step: 'client',
    facts: { way: 'configured', client_id: 'abc', redirect_uri: 'http://127.0.0.1:4000/callback', auth_method: 'none' },
  },
  {
    name: 'B16: GitHub, a slash more in the resource',
    site: { ...plain, [prm]: resourceMetadata(`${url}/`, issuer) },
    verdict: 'needs_login',
    step: 'authorization',
    facts: { resource: `${url}/`, resource_from: 'resource metadata' },
  },
  {
    name: 'B16: Slack, the resource is the bare origin',
    site: { ...plain, [prm]: resourceMetadata(origin, issuer) },
    verdict: 'needs_login',
    step: 'authorization',
    facts: { resource: origin },
  },
  {
    name: 'B16: Asana, the metadata is about another domain',
    site: { ...plain, [prm]: resourceMetadata('https://app.vendor.example/mcp', issuer) },
    verdict: 'problem',
    step: 'resource_metadata',
    requirement: ['RFC 9728', '3.3'],
    config: '"oauth": {"resource": "https://app.vendor.example/mcp"}',
  },
  {
    name: 'B16: the same, with the resource named in the config',
    site: { ...plain, [prm]: resourceMetadata('https://app.vendor.example/mcp', issuer) },
    settings: { resource: 'https://app.vendor.example/mcp' },
    verdict: 'needs_login',
    step: 'authorization',
    facts: { resource: 'https://app.vendor.example/mcp', resource_from: 'config' },
  },
  {
    name: 'B16: Atlassian, the issuer is not the URL',
    site: {
      [url]: challenge(),
      [`${origin}/.well-known/oauth-authorization-server`]: serverMetadata('https://issuer.vendor.example'),
    },
    verdict: 'problem',
    step: 'server_metadata',
    requirement: ['RFC 8414', '3.3'],
    config: '"oauth": {"issuer": "https://issuer.vendor.example"}',
  },
  {
    name: 'B16: Atlassian, with the issuer named in the config and no resource metadata',
    site: {
      [url]: challenge(),
      [`${origin}/.well-known/oauth-authorization-server`]: serverMetadata('https://issuer.vendor.example'),
    },
    settings: { issuer: 'https://issuer.vendor.example' },
    verdict: 'needs_login',
    step: 'authorization',
    facts: { resource: null, resource_from: 'nowhere' },
  },
  {
    name: 'B16: Entra, scopes of another API than the resource',
    site: {
      ...plain,
      [prm]: resourceMetadata(url, `${issuer}/tenant/v2.0`, { scopes_supported: ['api://crm-app/access'] }),
      [`${issuer}/tenant/v2.0/.well-known/openid-configuration`]: serverMetadata(`${issuer}/tenant/v2.0`),
    },
    verdict: 'needs_login',
    step: 'authorization',
    requirement: ['RFC 8707', '2'],
    config: '"oauth": {"resource": false}',
  },
  {
    name: 'B17: Google, OpenID discovery only',
    site: {
      [url]: plain[url] ?? {},
      [prm]: resourceMetadata(url, issuer),
      [`${issuer}/.well-known/openid-configuration`]: serverMetadata(issuer, {
        code_challenge_methods_supported: undefined,
      }),
    },
    settings: { clientId: 'abc', clientSecret: new Secret('canary-client-secret') },
    verdict: 'needs_login',
    step: 'authorization',
    facts: { pkce: 'S256 (the server lists no methods)' },
  },
  {
    name: 'B17: Okta and Keycloak, an issuer with a path, appended',
    site: {
      ...plain,
      [prm]: resourceMetadata(url, `${issuer}/oauth2/default`),
      [`${issuer}/oauth2/default/.well-known/openid-configuration`]: serverMetadata(`${issuer}/oauth2/default`),
    },
    verdict: 'needs_login',
    step: 'server_metadata',
    facts: { issuer: `${issuer}/oauth2/default`, token_endpoint: `${issuer}/oauth2/default/token` },
  },
  {
    name: 'B17: Cognito, 400 at unknown paths',
    site: {
      [url]: plain[url] ?? {},
      [prm]: resourceMetadata(url, `${issuer}/pool`),
      [`${issuer}/pool/.well-known/openid-configuration`]: serverMetadata(`${issuer}/pool`),
    },
    elsewhere: { status: 400, body: 'Bad Request' },
    verdict: 'needs_login',
    step: 'server_metadata',
    facts: { issuer: `${issuer}/pool` },
  },
  {
    name: 'B17: Negotiate alone, and metadata at the root',
    site: {
      [url]: { status: 401, headers: { 'www-authenticate': 'Negotiate' } },
      [rootPrm]: resourceMetadata(url, issuer),
      [asMetadata]: serverMetadata(issuer),
    },
    verdict: 'needs_login',
    step: 'challenge',
    requirement: ['RFC 6750', '3'],
  },
  {
    name: 'B17: 401 without a challenge',
    site: { ...plain, [url]: { status: 401 } },
    verdict: 'needs_login',
    step: 'challenge',
    requirement: ['RFC 9110', '15.5.2'],
  },
  {
    name: 'B17: nothing published anywhere',
    site: { [url]: challenge() },
    verdict: 'problem',
    step: 'resource_metadata',
    requirement: ['RFC 9728', '3'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of the config
    config: '"headers": {"Authorization": "Bearer ${TOKEN}"}',
  },
  {
    name: 'B17: a web page with 200 at every place',
    site: { [url]: challenge() },
    elsewhere: { body: '<!doctype html><title>Welcome</title>' },
    verdict: 'problem',
    step: 'resource_metadata',
    requirement: ['RFC 9728', '3.2'],
  },
  {
    name: 'B17: an authorization server that publishes nothing',
    site: { ...plain, [asMetadata]: { status: 403, body: 'Forbidden' } },
    verdict: 'problem',
    step: 'server_metadata',
    requirement: ['RFC 8414', '3'],
  },
  {
    name: 'an authorization server without a token endpoint',
    site: { ...plain, [asMetadata]: serverMetadata(issuer, { token_endpoint: undefined }) },
    verdict: 'problem',
    step: 'server_metadata',
    requirement: ['RFC 8414', '2'],
  },
  {
    name: 'an authorization server that cannot be reached',
    site: { ...plain, [prm]: resourceMetadata(url, 'https://gone.example') },
    verdict: 'problem',
    step: 'server_metadata',
  },
  {
    name: 'B18: a configured client without the secret that the server wants',
    site: {
      ...plain,
      [asMetadata]: serverMetadata(issuer, { token_endpoint_auth_methods_supported: ['client_secret_basic'] }),
    },
    settings: { clientId: 'abc' },
    verdict: 'needs_login',
    step: 'client',
    requirement: ['RFC 8414', '2'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of the config
    config: '"oauth": {"clientSecret": "${CLIENT_SECRET}"}',
  },
  {
    name: 'B18: a configured method that the server does not list',
    site: {
      ...plain,
      [asMetadata]: serverMetadata(issuer, { token_endpoint_auth_methods_supported: ['client_secret_basic'] }),
    },
    settings: {
      clientId: 'abc',
      clientSecret: new Secret('canary-client-secret'),
      tokenEndpointAuthMethod: 'client_secret_post',
    },
    verdict: 'needs_login',
    step: 'client',
    requirement: ['RFC 8414', '2'],
    config: '"oauth": {"tokenEndpointAuthMethod": "client_secret_basic"}',
  },
  {
    name: 'B19: a static Authorization header that is refused',
    site: plain,
    entry: { oauth: false, headers: { Authorization: 'Bearer canary-header-value' } },
    verdict: 'problem',
    step: 'challenge',
    requirement: ['RFC 6750', '3.1'],
  },
  {
    name: 'B19: a static Authorization header that is taken',
    site: { ...plain, [url]: { status: 200 } },
    entry: { oauth: false, headers: { Authorization: 'Bearer canary-header-value' } },
    verdict: 'ok',
    step: 'challenge',
  },
  {
    name: 'B20: Figma, a plain-text 403 is no request for a login',
    site: { ...plain, [url]: { status: 403, body: 'Forbidden' } },
    verdict: 'problem',
    step: 'challenge',
  },
  {
    name: 'B20: Slack, the hint is in the body of a 400',
    site: { ...plain, [url]: { status: 400, body: 'app_not_installed' } },
    verdict: 'problem',
    step: 'challenge',
  },
  {
    name: 'B21: a client ID metadata document, and no registration',
    site: {
      ...plain,
      [asMetadata]: serverMetadata(issuer, { ...noRegistration, client_id_metadata_document_supported: true }),
    },
    settings: { clientMetadataUrl: 'https://me.example/client.json' },
    verdict: 'needs_login',
    step: 'client',
    facts: { way: 'metadata_document', client_id: 'https://me.example/client.json' },
  },
  {
    name: 'C28: a machine account',
    site: { ...plain, [asMetadata]: serverMetadata(issuer, { scopes_supported: ['offline_access'] }) },
    settings: { grantType: 'client_credentials', clientId: 'bot', clientSecret: new Secret('canary-client-secret') },
    verdict: 'ok',
    step: 'authorization',
    facts: { grant_type: 'client_credentials', scope: 'read' },
  },
  {
    name: 'C28: a machine account without a client',
    site: plain,
    settings: {
      grantType: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: { kind: 'value', value: new Secret('canary-assertion') },
    },
    verdict: 'problem',
    step: 'client',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of the config
    config: '"oauth": {"clientId": "…", "clientSecret": "${CLIENT_SECRET}"}',
  },
  {
    name: 'C28: the device grant, at a server that does not have it',
    site: plain,
    settings: { grantType: 'urn:ietf:params:oauth:grant-type:device_code' },
    verdict: 'problem',
    step: 'authorization',
    requirement: ['RFC 8628', '4'],
  },
  {
    name: 'B22: initialize without a login, metadata published for later',
    site: { ...plain, [url]: { status: 200, body: {} } },
    verdict: 'ok',
    step: 'client',
    facts: { way: 'dynamic_registration' },
  },
  {
    name: 'C27: a name that nobody knows',
    site: {},
    verdict: 'problem',
    step: 'network',
  },
  {
    name: 'H57: a public server whose authorization server is inside',
    site: {
      ...plain,
      [prm]: resourceMetadata(url, 'https://10.0.0.5'),
      'https://10.0.0.5/.well-known/oauth-authorization-server': serverMetadata('https://10.0.0.5'),
    },
    verdict: 'problem',
    step: 'server_metadata',
    requirement: ['RFC 9728', '7.7'],
    config: '"oauth": {"issuer": "https://10.0.0.5"}',
  },
  {
    name: 'H55: a token endpoint that is not https',
    site: { ...plain, [asMetadata]: serverMetadata(issuer, { token_endpoint: 'http://as.vendor.example/token' }) },
    verdict: 'problem',
    step: 'server_metadata',
    requirement: ['RFC 6749', '3.1, 3.2'],
  },
  {
    name: 'no PKCE with S256',
    site: { ...plain, [asMetadata]: serverMetadata(issuer, { code_challenge_methods_supported: ['plain'] }) },
    verdict: 'problem',
    step: 'authorization',
    requirement: ['RFC 7636', '4.2'],
  },
  {
    name: 'requests must be pushed, and there is no endpoint for that',
    site: { ...plain, [asMetadata]: serverMetadata(issuer, { require_pushed_authorization_requests: true }) },
    verdict: 'problem',
    step: 'authorization',
    requirement: ['RFC 9126', '5'],
  },
  {
    name: 'a redirect to another origin',
    site: { ...plain, [url]: { status: 307, headers: { location: 'https://new.vendor.example/mcp' } } },
    verdict: 'problem',
    step: 'network',
    config: '"url": "https://new.vendor.example/mcp"',
  },
  {
    name: 'no MCP server at the path',
    site: { [`${origin}/`]: {} },
    verdict: 'problem',
    step: 'challenge',
  },
];

describe('B15-B22: what the doctor finds, and what mends it', () => {
  it.each(rows)('$name', async ({ verdict, step, requirement, config, facts, ...given }) => {
    const { report } = await trace(given);
    const found = stepOf(report, step);
    expect(report.verdict.kind, JSON.stringify(report, null, 1)).toBe(verdict);
    if (verdict === 'problem') expect(report.verdict.step).toBe(step);
    if (requirement) expect([found.requirement?.spec, found.requirement?.section]).toEqual(requirement);
    if (config !== undefined) expect(found.fix?.config).toBe(config);
    if (facts) expect(found.facts).toMatchObject(facts);
  });
});

/** Other grants, and what comes after the URL was made, are not begun here. */
function isBeginOfLogin({ entry, settings, requirement }: Row): boolean {
  return !entry && !settings?.grantType && requirement?.[0] !== 'RFC 9126';
}

describe('the doctor and a login agree', () => {
  it.each(rows.filter(isBeginOfLogin))('about $name', async ({ verdict, ...given }) => {
    const { fetch, patient } = await trace(given);
    const settings = patient.oauth === false ? oauth : patient.oauth;
    const header = given.site[url]?.headers?.['www-authenticate'];
    const announced = /resource_metadata="([^"]+)"/.exec(String(header))?.[1];
    const login = async () => {
      const input = { server: 'crm', serverUrl: url, settings };
      const found = await discover(
        { fetch },
        { ...input, challenge: announced ? { resourceMetadataUrl: announced } : {} },
      );
      const redirectUri = 'http://127.0.0.1:1/callback';
      const client = configuredClient(settings, found, redirectUri) ?? publicClient;
      if (client === publicClient && !found.as.registration_endpoint) throw new Error('no registration');
      await beginAuthorization({ server: 'crm', discovery: found, client, redirectUri, settings });
    };
    // Refusals of the server itself come before any login.
    if (given.site[url]?.status !== 401) return;
    if (verdict === 'problem') await expect(login()).rejects.toThrow();
    else await login();
  });

  it('so a fix that names the issuer or the resource mends the login', async () => {
    for (const row of rows.filter(({ config }) => /"(issuer|resource)": "/.test(config ?? ''))) {
      const { report } = await trace(row);
      const { oauth: settings } = JSON.parse(`{${report.verdict.fix?.config}}`) as { oauth: Partial<OAuthSettings> };
      const mended = await trace({ ...row, settings: { ...row.settings, ...settings } });
      expect(mended.report.verdict.kind, row.name).toBe('needs_login');
    }
  });
});

describe('the doctor changes nothing', () => {
  it('asks the authorization server for its metadata alone, and registers, refreshes and revokes nothing', async () => {
    const { fetch } = await trace({ site: plain, record: sampleRecord({ server_url: url, issuer }) });
    expect(new Set(fetch.asked)).toEqual(new Set([`POST ${url}`, `GET ${prm}`, `GET ${asMetadata}`]));
  });

  it('ends the session that a server without a login opens', async () => {
    const { fetch } = await trace({ site: { ...plain, [`POST ${url}`]: { headers: { 'mcp-session-id': 's1' } } } });
    expect(fetch.asked).toContain(`DELETE ${url}`);
  });
});

describe('whatever the other side says', () => {
  const text = fc.oneof(fc.string(), fc.constantFrom(url, issuer, origin, 'https://10.0.0.1', 'http://x', '', 'S256'));
  const member = fc.oneof(text, fc.array(text, { maxLength: 4 }), fc.jsonValue());
  const names = ['resource', 'authorization_servers', 'issuer', 'token_endpoint', 'authorization_endpoint'];
  const document = fc.dictionary(
    fc.constantFrom(...names, 'scopes_supported', 'code_challenge_methods_supported'),
    member,
  );
  const reply = fc.record({
    status: fc.constantFrom(200, 200, 401, 403, 404, 500),
    headers: fc.record({ 'www-authenticate': fc.string({ unit: 'grapheme-ascii' }) }),
    body: fc.oneof(document, fc.string()),
  });

  it('the doctor comes to a verdict, and sends nothing but the questions of a discovery', async () => {
    await fc.assert(
      fc.asyncProperty(reply, reply, reply, async (first, second, third) => {
        const site = { [url]: { ...first, status: 401 }, [prm]: second, [asMetadata]: third };
        const { report, fetch } = await trace({ site });
        expect(['ok', 'needs_login', 'problem']).toContain(report.verdict.kind);
        const posted = fetch.asked.filter((one) => !one.startsWith('GET '));
        expect(posted).toEqual([`POST ${url}`]);
        expect(fetch.asked.filter((one) => /10\.0\.0\.1|http:/.test(one))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

describe('the saved login', () => {
  const tokens = { access_token: 'canary-access-token', token_type: 'Bearer', issued_at: 1_699_999_000 };
  const valid = { ...tokens, refresh_token: 'canary-refresh-token', expires_at: 1_700_003_600 };
  const record = (change: Partial<LoginRecord>): LoginRecord =>
    sampleRecord({ server_url: url, resource: url, issuer, tokens: valid, ...change });
  const open: Site = { ...plain, [url]: { status: 200 } };

  it.each<[string, Case, string, object]>([
    [
      'is expired and has a refresh token',
      { site: plain, record: record({ tokens: { ...valid, expires_at: 1 } }) },
      'ok',
      { state: 'refreshable', refresh_due: true },
    ],
    [
      'is expired and has none',
      { site: plain, record: record({ tokens: { ...tokens, expires_at: 1 } }) },
      'needs_login',
      { state: 'expired' },
    ],
    ['is rejected', { site: plain, record: record({}) }, 'needs_login', { state: 'usable' }],
    [
      'is kept without tokens',
      { site: plain, record: { ...record({}), tokens: undefined } as never },
      'needs_login',
      { state: 'none' },
    ],
    ['is there although none is needed', { site: open, record: record({}) }, 'ok', { state: 'usable' }],
  ])('that %s', async (_what, given, kind, facts) => {
    const { report } = await trace(given);
    expect(report.verdict.kind).toBe(kind);
    expect(stepOf(report, 'saved_login').facts).toMatchObject(facts);
  });

  it('of another issuer is said to end there (H57)', async () => {
    const { report } = await trace({ site: plain, record: record({ issuer: 'https://old.example' }) });
    const step = stepOf(report, 'saved_login');
    expect(step).toMatchObject({ status: 'warning', requirement: { spec: 'RFC 9700', section: '4.4' } });
    expect(stepOf(report, 'client').facts).toMatchObject({ way: 'dynamic_registration' });
  });

  it('that lacks scope names the scope that is missing', async () => {
    const insufficient = { 'www-authenticate': 'Bearer error="insufficient_scope", scope="admin"' };
    const fetch = fetchOf(plain);
    const withToken = (input: string | URL, init?: RequestInit): Promise<Response> => {
      const isAuthorized = new Headers(init?.headers).has('authorization');
      return isAuthorized
        ? Promise.resolve(new Response('', { status: 403, headers: insufficient }))
        : fetch(input, init);
    };
    const { report } = await trace({
      site: plain,
      record: record({}),
      settings: { scope: 'read' },
      deps: { fetch: withToken },
    });
    expect(stepOf(report, 'token')).toMatchObject({
      status: 'failed',
      requirement: { spec: 'RFC 6750', section: '3.1' },
      fix: { config: '"oauth": {"scope": "read admin"}' },
    });
  });
});

describe('the report', () => {
  it('F56: holds no secret, even where the other side echoes it', async () => {
    const header = 'canary-header-value';
    const secret = 'canary-client-secret';
    const access = 'canary-access-token';
    const echo = `${header} ${secret} ${access} canary-refresh-token Bearer abcdef1234567890`;
    const tokens = { access_token: access, refresh_token: 'canary-refresh-token', token_type: 'Bearer' };
    const { report } = await trace({
      site: {
        ...plain,
        [url]: {
          status: 401,
          headers: { 'www-authenticate': `Bearer error="invalid_token", error_description="${echo}"` },
        },
        [prm]: { body: echo },
        [rootPrm]: resourceMetadata(`https://other.example/${access}`, issuer),
      },
      settings: { clientId: 'abc', clientSecret: new Secret(secret) },
      entry: { headers: { 'x-api-key': header } },
      record: sampleRecord({
        server_url: url,
        issuer,
        tokens,
        client: { ...publicClient, client_secret: 'canary-saved-secret' },
      }),
    });
    const text = JSON.stringify(report);
    expect(text).toContain('[secret]');
    expect(text).not.toMatch(/canary|abcdef1234567890/);
  });

  const hostile = `\u001b]0;title\u0007\u001b[31m\u202e\n${'x'.repeat(5000)}`;
  it.each<[string, Site]>([
    ['the resource', { [prm]: resourceMetadata(`https://evil.example/${hostile}`, issuer) }],
    ['the issuer', { [asMetadata]: serverMetadata(`https://evil.example/${hostile}`) }],
    ['the authorization servers', { [prm]: resourceMetadata(url, `https://evil.example/${hostile}`) }],
    ['500 scopes', { [prm]: resourceMetadata(url, issuer, { scopes_supported: Array(500).fill(hostile) }) }],
    ['an endpoint', { [asMetadata]: serverMetadata(issuer, { registration_endpoint: `http://${hostile}` }) }],
    ['a method', { [asMetadata]: serverMetadata(issuer, { code_challenge_methods_supported: [hostile] }) }],
    ['the body', { [url]: { status: 403, body: hostile } }],
    ['the challenge', { [url]: challenge(`error="${'\\x1b[31m'.repeat(900)}", scope="${'y'.repeat(5000)}"`) }],
  ])('E42: cannot steer a terminal and is cut: %s', async (_what, site) => {
    const strings = stringsOf((await trace({ site: { ...plain, ...site } })).report);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(strings.filter((text) => /[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/.test(text))).toEqual([]);
    expect(Math.max(...strings.map(({ length }) => length))).toBeLessThan(650);
    expect(strings.length).toBeLessThan(200);
  });

  it('ends when the time is up, with what was seen until then', async () => {
    const fetch = fetchOf(plain);
    const slow = async (input: string | URL, init: RequestInit = {}): Promise<Response> => {
      if (!String(input).includes('as.vendor')) return await fetch(input, init);
      return await new Promise((_resolve, reject) => {
        init.signal?.addEventListener('abort', () => reject(init.signal?.reason));
      });
    };
    const { report } = await trace({ site: plain, deps: { fetch: slow }, limitMs: 50 });
    expect(report.steps.map(({ step }) => step)).toEqual(['config', 'network', 'challenge', 'resource_metadata']);
    expect(report.verdict).toMatchObject({ kind: 'problem', summary: 'not finished within 0.05 s' });
  });

  it.each([
    ['SELF_SIGNED_CERT_IN_CHAIN', 'NODE_EXTRA_CA_CERTS', 'RFC 9110'],
    ['ECONNREFUSED', 'port', undefined],
    ['ENOTFOUND', 'host name', undefined],
  ])('C27: says what %s means', async (code, word, spec) => {
    const deps = {
      fetch: async () => {
        throw new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });
      },
    };
    const { report } = await trace({ site: plain, deps });
    expect(report.verdict).toMatchObject({ kind: 'problem', step: 'network' });
    expect(report.verdict.summary).toContain(`mcp.vendor.example`);
    expect(report.verdict.summary).toContain(code);
    expect(report.verdict.fix?.explanation).toContain(word);
    expect(report.verdict.requirement?.spec).toBe(spec);
  });
});
