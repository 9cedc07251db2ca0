// Owns the rows of providers at which an app has to be registered by hand.
import { expect } from 'vitest';
import type { ProviderRow, Refusal } from './provider-row.ts';
import { noRegistration } from './provider-row.ts';

/** A public client where the vendor wants a secret, PKCE or not. */
const secretNeeded: Refusal = {
  configured: 'client id',
  at: 'end',
  message: [/invalid_client/],
  hint: [/./],
};

export const appProviders: readonly ProviderRow[] = [
  {
    provider: 'GitHub',
    proves: 'B15, B16',
    quirk: 'has no registration, writes its URL with a slash more or less, and puts errors into answers of status 200',
    url: 'https://api.githubcopilot.com/mcp/',
    issuer: 'https://github.com/login/oauth',
    authorization: {
      endpointPaths: { authorize: '/login/oauth/authorize', token: '/login/oauth/access_token' },
      scopesSupported: ['repo', 'read:org'],
      faults: { registration: 'none' },
    },
    resource: { path: '/mcp', scopesSupported: ['repo', 'read:org'] },
    refused: [noRegistration],
    app: 'client_secret_basic',
    wire: {
      registrations: 0,
      method: 'client_secret_basic',
      resource: 'https://api.githubcopilot.com/mcp',
      scope: 'repo read:org',
    },
    async after(stage) {
      // The dead refresh token is a verdict, whatever its status: nothing to wait for, a login is needed.
      const gateway = stage.process();
      const entry = await stage.entry({ clientId: 'the-app' });
      stage.as.faults.token = '200-bad_refresh_token';
      stage.expire();
      await stage.challengeOf(gateway, entry);
      const calls = stage.tokenCalls().length;
      await stage.challengeOf(gateway, entry);
      expect(stage.tokenCalls()).toHaveLength(calls);
    },
  },
  {
    provider: 'Slack',
    proves: 'B15, B16',
    quirk:
      'has no registration, a fixed redirect URI, its origin as the resource, wants a scope, and explains in a 400',
    url: 'https://mcp.slack.com/mcp',
    issuer: 'https://mcp.slack.com',
    authorization: {
      endpointPaths: { authorize: '/oauth/v2_user/authorize', token: '/api/oauth.v2.user.access' },
      authMethods: ['client_secret_post'],
      scopeRequired: true,
      scopesSupported: ['search:read.public', 'chat:write'],
      faults: { registration: 'none' },
    },
    resource: { faults: { metadata: 'origin-resource' }, scopesSupported: [] },
    refused: [
      noRegistration,
      {
        configured: 'app',
        at: 'end',
        message: [/invalid_scope.*The scope parameter is required/],
        hint: [/oauth\.scope/],
      },
    ],
    app: 'client_secret_post',
    oauth: { scope: 'search:read.public chat:write' },
    wire: {
      registrations: 0,
      method: 'client_secret_post',
      resource: 'https://mcp.slack.com',
      scope: 'search:read.public chat:write',
    },
    async after(stage) {
      const reason = 'App is not enabled for MCP access. Please enable it here: https://api.slack.com/apps/A1';
      stage.server.faults.refusal = reason;
      const answer = await stage.call(stage.process(), await stage.entry(), 'echo');
      expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining(reason)]);
    },
  },
  {
    provider: 'Figma',
    proves: 'B20',
    quirk: 'registers listed clients only, and says so in plain text',
    url: 'https://mcp.figma.com/mcp',
    issuer: 'https://api.figma.com',
    authorization: { faults: { registration: '403-plain-text' }, scopesSupported: ['mcp:connect'] },
    resource: { scopesSupported: ['mcp:connect'] },
    refused: [
      {
        at: 'start',
        message: [/status 403 "Forbidden"/],
        hint: [/admit listed clients only/, /oauth\.clientId/, /oauth\.clientSecret/],
      },
    ],
    app: 'client_secret_basic',
    wire: {
      registrations: 0,
      method: 'client_secret_basic',
      resource: 'https://mcp.figma.com/mcp',
      scope: 'mcp:connect',
    },
    async after(stage) {
      // No default that pretends to be another product.
      expect(stage.asked('register').map(({ json }) => json)).toEqual([
        expect.objectContaining({ client_name: 'Portico' }),
      ]);
    },
  },
  {
    provider: 'HubSpot',
    proves: 'A8, B15, B18',
    quirk: 'answers 404 to registrations, wants the secret in the body, and has its token endpoint at /oauth/v3/token',
    url: 'https://mcp.hubspot.com',
    issuer: 'https://mcp.hubspot.com',
    authorization: {
      endpointPaths: { authorize: '/oauth/authorize/user', token: '/oauth/v3/token' },
      authMethods: ['client_secret_post'],
      scopesSupported: [],
      faults: { registration: 'none' },
    },
    resource: { scopesSupported: [] },
    refused: [noRegistration, secretNeeded],
    app: 'client_secret_post',
    wire: { registrations: 0, method: 'client_secret_post', resource: 'https://mcp.hubspot.com', scope: undefined },
    async after(stage) {
      // Another process refreshes with what is saved: it looks for nothing and guesses nothing.
      const before = stage.as.log.length;
      stage.expire();
      expect((await stage.call(stage.process(), await stage.entry())).status).toBe(200);
      const asked = stage.as.log.slice(before).filter(({ path }) => path !== '/');
      expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /oauth/v3/token']);
    },
  },
  {
    provider: 'Asana',
    proves: 'B15, B17',
    quirk: 'answers 405 to registrations, wants a secret, compares redirect URIs, and has its metadata on another host',
    url: 'https://mcp.asana.com/v2/mcp',
    issuer: 'https://app.asana.com',
    authorization: {
      endpointPaths: { authorize: '/-/oauth_authorize', token: '/-/oauth_token' },
      authMethods: ['client_secret_post'],
      loopbackPorts: 'exact',
      scopesSupported: ['default'],
      faults: { registration: '405' },
    },
    resource: { metadataOrigin: 'https://asana.com', scopesSupported: ['default'] },
    refused: [noRegistration, secretNeeded],
    app: 'client_secret_post',
    wire: {
      registrations: 0,
      method: 'client_secret_post',
      resource: 'https://mcp.asana.com/v2/mcp',
      scope: 'default',
    },
  },
];
