// Owns the rows of providers at which clients register themselves.
import { expect } from 'vitest';
import { failureOf, urlOf } from '../login-scene.ts';
import type { ProviderRow } from './provider-row.ts';
import type { ProviderStage } from './provider-stage.ts';

/** What the fixtures offer where a row does not say otherwise. */
const offline = 'tools offline_access';

/** The registration is gone at the authorization server; the next call has to find the way back by itself. */
async function forgetClientAndLogIn(stage: ProviderStage): Promise<void> {
  const gateway = stage.process();
  const entry = await stage.entry();
  stage.as.forgetClients();
  stage.expire();
  await stage.logIn(gateway, entry);
  expect((await stage.call(gateway, entry)).status).toBe(200);
  expect(stage.as.counts.registrations).toBe(2);
}

export const registeringProviders: readonly ProviderRow[] = [
  {
    provider: 'Notion',
    proves: 'A2, B18',
    quirk: 'gives a secret for Basic, refuses two proofs in one request, rotates, and rejects tokens in mid-life',
    url: 'https://mcp.notion.com/mcp',
    issuer: 'https://mcp.notion.com',
    authorization: { authMethods: ['client_secret_basic'], scopesSupported: [] },
    resource: { scopesSupported: [] },
    wire: {
      registrations: 1,
      method: 'client_secret_basic',
      resource: 'https://mcp.notion.com/mcp',
      scope: undefined,
    },
    async after(stage) {
      const gateways = [stage.process(), stage.process(), stage.process()];
      const entry = await stage.entry();
      const { refreshes } = stage.as.counts;
      stage.server.revokeAll();
      const answers = await Promise.all(gateways.map((gateway) => stage.call(gateway, entry)));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(stage.as.counts).toMatchObject({ refreshes: refreshes + 1, refusedRefreshes: 0, familyRevocations: 0 });
    },
  },
  {
    provider: 'Linear',
    proves: 'A6',
    quirk: 'sends the browser over a page of its own to the callback, compares its port, and takes a second login',
    url: 'https://mcp.linear.app/mcp',
    issuer: 'https://mcp.linear.app',
    authorization: { ownCallback: true, loopbackPorts: 'exact', scopesSupported: ['tools'] },
    wire: { registrations: 1, method: 'none', resource: 'https://mcp.linear.app/mcp', scope: 'tools' },
    async after(stage) {
      stage.as.revokeLogins();
      const gateway = stage.process();
      const entry = await stage.entry();
      await stage.logIn(gateway, entry);
      expect((await stage.call(gateway, entry)).status).toBe(200);
      expect(stage.as.counts.registrations).toBe(1);
    },
  },
  {
    provider: 'Atlassian',
    proves: 'A10, B16',
    quirk: 'names another issuer than its URL, has no resource metadata, and hides an expired token behind a 403',
    url: 'https://mcp.atlassian.com/v1/mcp',
    issuer: 'https://mcp.atlassian.com',
    authorization: {
      statedIssuer: 'https://cf.mcp.atlassian.com',
      endpointPaths: { authorize: '/v1/authorize', token: '/v1/token', register: '/v1/register' },
      scopesSupported: [],
    },
    resource: { faults: { metadata: 'missing', challenge: 'none', staleReads: true } },
    refused: [
      {
        at: 'start',
        message: [/issuer "https:\/\/cf\.mcp\.atlassian\.com" instead of "https:\/\/mcp\.atlassian\.com"/],
        hint: [/oauth\.issuer.*https:\/\/cf\.mcp\.atlassian\.com/],
      },
    ],
    oauth: { issuer: 'https://cf.mcp.atlassian.com' },
    wire: { registrations: 1, method: 'none', resource: undefined, scope: undefined },
    async after(stage) {
      const gateway = stage.process();
      const entry = await stage.entry({ issuer: 'https://cf.mcp.atlassian.com' });
      expect((await stage.call(gateway, entry, 'add')).status).toBe(200);
      // Refreshed before it expires, so that the answer that explains nothing never comes.
      stage.expire();
      expect((await stage.call(gateway, entry, 'add')).status).toBe(200);
      // A 403 without a challenge is the server's own word: no refresh and no login come of it.
      const { refreshes } = stage.as.counts;
      stage.server.revokeAll();
      expect((await stage.call(gateway, entry, 'add')).status).toBe(403);
      expect(stage.as.counts.refreshes).toBe(refreshes);
    },
  },
  {
    provider: 'Cloudflare',
    proves: 'A3',
    quirk: 'forgets the clients that registered',
    url: 'https://docs.mcp.cloudflare.com/mcp',
    issuer: 'https://docs.mcp.cloudflare.com',
    wire: { registrations: 1, method: 'none', resource: 'https://docs.mcp.cloudflare.com/mcp', scope: offline },
    after: forgetClientAndLogIn,
  },
  {
    provider: 'Cloudflare Access',
    proves: 'B18',
    quirk: 'takes Basic and nothing else, whatever was asked for',
    url: 'https://wiki.acme.example/mcp',
    issuer: 'https://acme.cloudflareaccess.com/cdn-cgi/access/sso/oidc/0123',
    authorization: { faults: { registration: 'basic-only' }, metadataPlaces: ['openid-appended'] },
    wire: {
      registrations: 1,
      method: 'client_secret_basic',
      resource: 'https://wiki.acme.example/mcp',
      scope: offline,
    },
  },
  {
    provider: 'Canny',
    proves: 'B18',
    quirk: 'gives a secret and does not say how to send it',
    url: 'https://canny.io/mcp',
    issuer: 'https://canny.io',
    authorization: { faults: { registration: 'secret-without-method' } },
    wire: { registrations: 1, method: 'client_secret_post', resource: 'https://canny.io/mcp', scope: offline },
  },
  {
    provider: 'A server of the kind',
    proves: 'B18',
    quirk: 'says Basic and implements the body: the other method is tried once, and remembered',
    url: 'https://mcp.acme.example/mcp',
    issuer: 'https://mcp.acme.example',
    authorization: { faults: { registration: 'says-basic-takes-post' } },
    wire: { registrations: 1, method: 'client_secret_post', resource: 'https://mcp.acme.example/mcp', scope: offline },
    async after(stage) {
      const methods = stage.tokenCalls().map(({ method }) => method);
      expect(methods).toEqual(['client_secret_basic', 'client_secret_post', 'client_secret_post']);
    },
  },
  {
    provider: 'Supabase',
    proves: 'A3, B20',
    quirk: 'refuses registrations with unknown scopes, forgets clients, and says so in JSON to the human alone',
    url: 'https://mcp.supabase.com/mcp',
    issuer: 'https://api.supabase.com',
    authorization: {
      endpointPaths: {
        authorize: '/v1/oauth/authorize',
        token: '/v1/oauth/token',
        register: '/platform/oauth/apps/register',
      },
      registrationScopes: 'known',
      scopesSupported: ['projects:read', 'database:read'],
      faults: { unknownClient: '422-json' },
    },
    resource: { scopesSupported: ['projects:read', 'database:read'] },
    wire: {
      registrations: 1,
      method: 'none',
      resource: 'https://mcp.supabase.com/mcp',
      scope: 'projects:read database:read',
    },
    async after(stage) {
      expect(stage.asked('register')[0]?.json).not.toHaveProperty('scope');
      const gateway = stage.process();
      const entry = await stage.entry();
      stage.as.revokeLogins();
      const challenge = await stage.challengeOf(gateway, entry);
      stage.as.forgetClients();
      const dead = await gateway.login(entry, { challenge, openBrowser: true });
      expect(await stage.visit(urlOf(dead))).toMatchObject({
        status: 422,
        body: '{"message":"Unrecognized client_id"}',
      });
      // Nobody but the human knows: the gateway that ends, or the human who asks anew, brings a new registration.
      const ended = failureOf(dead.done);
      await gateway.close();
      await ended;
      await stage.logIn(stage.process(), entry);
      expect(stage.as.counts.registrations).toBe(2);
    },
  },
  {
    provider: 'Sentry',
    proves: 'A3, B16',
    quirk: 'knows the origin as its resource and no path, and finds out at the exchange that the client is gone',
    url: 'https://mcp.sentry.dev/mcp',
    issuer: 'https://mcp.sentry.dev',
    authorization: { knownResources: ['https://mcp.sentry.dev'], faults: { unknownClient: 'at-the-token-endpoint' } },
    resource: { faults: { metadata: 'origin-resource' } },
    wire: { registrations: 1, method: 'none', resource: 'https://mcp.sentry.dev', scope: offline },
    async after(stage) {
      const gateway = stage.process();
      const entry = await stage.entry();
      stage.as.revokeLogins();
      const challenge = await stage.challengeOf(gateway, entry);
      stage.as.forgetClients();
      const stale = await gateway.login(entry, { challenge, openBrowser: true });
      const failure = failureOf(stale.done);
      expect((await stage.visit(urlOf(stale))).status).toBe(403);
      expect(await failure).toMatchObject({
        code: 'AUTH_FAILED',
        message: expect.stringContaining('Client not found'),
      });
      await stage.logIn(gateway, entry);
      expect(stage.as.counts.registrations).toBe(2);
    },
  },
  {
    provider: 'Stripe',
    proves: 'A10, B16',
    quirk: 'has its issuer on another host, and asks for more scope at the call that needs it',
    url: 'https://mcp.stripe.com',
    issuer: 'https://access.stripe.com/mcp',
    wire: { registrations: 1, method: 'none', resource: 'https://mcp.stripe.com', scope: offline },
    async after(stage) {
      const gateway = stage.process();
      const entry = await stage.entry();
      const { refreshes } = stage.as.counts;
      await stage.logIn(gateway, entry, 'admin');
      expect(stage.asked('authorize').at(-1)?.query?.['scope']).toBe('tools offline_access admin');
      expect((await stage.call(gateway, entry, 'admin')).status).toBe(200);
      // A refresh cannot widen a scope (RFC 6749 section 6), so none was tried.
      expect(stage.as.counts).toMatchObject({ refreshes, registrations: 1 });
    },
  },
  {
    provider: 'GitLab',
    proves: 'B16, B17',
    quirk: 'is its own issuer at the origin while MCP has a path, and challenges without metadata',
    url: 'https://gitlab.com/api/v4/mcp',
    issuer: 'https://gitlab.com',
    authorization: {
      endpointPaths: { authorize: '/oauth/authorize', token: '/oauth/token', register: '/oauth/register' },
      scopesSupported: ['mcp'],
      defaultScope: 'mcp',
    },
    resource: { faults: { metadata: 'root', challenge: 'no-metadata' }, scopesSupported: ['mcp'] },
    wire: { registrations: 1, method: 'none', resource: 'https://gitlab.com/api/v4/mcp', scope: 'mcp' },
  },
  {
    provider: 'Plane',
    proves: 'B17',
    quirk: 'has issuer, metadata and authorize page under a path',
    url: 'https://mcp.plane.so/http/mcp',
    issuer: 'https://mcp.plane.so/http',
    wire: { registrations: 1, method: 'none', resource: 'https://mcp.plane.so/http/mcp', scope: offline },
  },
  {
    provider: 'LaunchDarkly',
    proves: 'B17',
    quirk: 'has an issuer with a path on another host, its metadata appended to it',
    url: 'https://mcp.launchdarkly.com/mcp/fm',
    issuer: 'https://app.launchdarkly.com/oauth/mcp',
    authorization: { metadataPlaces: ['oauth-appended'] },
    wire: { registrations: 1, method: 'none', resource: 'https://mcp.launchdarkly.com/mcp/fm', scope: offline },
  },
  {
    provider: 'Retool',
    proves: 'B17',
    quirk: 'answers 401 on every path it does not have',
    url: 'https://acme.retool.com/mcp',
    issuer: 'https://acme.retool.com',
    authorization: { faults: { unknownPaths: '401' }, metadataPlaces: ['openid-appended'] },
    resource: { faults: { metadata: '401', challenge: 'none' } },
    wire: { registrations: 1, method: 'none', resource: undefined, scope: undefined },
  },
  {
    provider: 'Superhuman',
    proves: 'B17',
    quirk: 'answers 403 on every path it does not have, and challenges with a foreign scheme',
    url: 'https://mcp.mail.superhuman.com/mcp',
    issuer: 'https://mcp.mail.superhuman.com',
    authorization: { faults: { unknownPaths: '403' }, scopesSupported: [] },
    resource: { faults: { metadata: '403', challenge: 'foreign-scheme' } },
    wire: { registrations: 1, method: 'none', resource: undefined, scope: undefined },
  },
];
