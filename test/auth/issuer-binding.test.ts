// A login belongs to the authorization server that gave it: when the MCP server moves to another one, nothing goes along.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { approve } from '../../fixtures/http/approve.mjs';
import type { AuthorizationServer } from '../../fixtures/http/authorization-server.mjs';
import { startAuthorizationServer } from '../../fixtures/http/authorization-server.mjs';
import type { Authenticator } from '../../src/auth/authenticator.ts';
import type { HttpServerEntry, OAuthSettings } from '../../src/config/server-entry.ts';
import { LoginAbandonedError, LoginRequiredError } from '../../src/errors.ts';
import { Secret } from '../../src/lib/secret.ts';
import type { Scene } from './login-scene.ts';
import { callTool, failureOf, logIn, startScene, urlOf } from './login-scene.ts';
import { freePort } from './taken-port.ts';

let scene: Scene;
let gateway: Authenticator;
let a: AuthorizationServer;
let b: AuthorizationServer;
/** Whose tokens the MCP server takes, and whom its metadata names. */
let current: AuthorizationServer;

beforeEach(async () => {
  b = await startAuthorizationServer();
  scene = await startScene({
    resource: {
      authorizationServers: {
        get issuer() {
          return current.issuer;
        },
        introspect: (token) => current.introspect(token),
      },
    },
  });
  a = scene.as;
  current = a;
  gateway = scene.process();
});

afterEach(async () => {
  await scene.close();
  await b.close();
});

/** What one authorization server gave out, and what the other was sent. */
function leaked(from: AuthorizationServer, to: AuthorizationServer, since = 0): string[] {
  const sent = decoded(to.log.slice(since));
  return [...from.secrets, ...from.clients.keys()].filter((secret) => sent.includes(secret));
}

/** With what `Basic` hides. */
function decoded(log: AuthorizationServer['log']): string {
  return JSON.stringify(log).replace(/Basic ([\w+/=]+)/g, (_all, text: string) =>
    Buffer.from(text, 'base64').toString(),
  );
}

/** The server names another authorization server: the next call needs a login, and gets one. */
async function moveTo(target: AuthorizationServer, entry: HttpServerEntry): Promise<void> {
  current = target;
  const refused = await failureOf(callTool(gateway, entry));
  if (!(refused instanceof LoginRequiredError)) throw refused;
  await logIn(gateway, entry);
}

const shapes: readonly [string, Parameters<typeof startAuthorizationServer>[0]][] = [
  ['public clients', {}],
  ['clients with a secret', { authMethods: ['client_secret_basic'] }],
  ['clients with a key', { authMethods: ['private_key_jwt'] }],
];

test.each(shapes)(
  'B21, H57: a move to another issuer and back takes nothing along, with %s',
  async (_what, settings) => {
    Object.assign(a.settings, settings);
    Object.assign(b.settings, settings);
    const entry = scene.entry();
    await logIn(gateway, entry);
    const first = await scene.saved();

    await moveTo(b, entry);
    expect(leaked(a, b)).toEqual([]);
    const second = await scene.saved();
    expect([first.issuer, second.issuer]).toEqual([a.issuer, b.issuer]);
    expect(second.client.client_id).not.toBe(first.client.client_id);
    expect(second.tokens?.refresh_token).not.toBe(first.tokens?.refresh_token);
    expect((await callTool(gateway, entry)).status).toBe(200);
    // What was saved of A is gone, so that nothing can find it later.
    expect(JSON.stringify(second)).not.toContain(first.client.client_id);

    const seen = a.log.length;
    await moveTo(a, entry);
    expect(leaked(b, a)).toEqual([]);
    expect((await scene.saved()).issuer).toBe(a.issuer);
    // Not even its own old registration is trusted: who knows what happened there meanwhile.
    expect(decoded(a.log.slice(seen))).not.toContain(first.client.client_id);
    expect([a.counts.registrations, b.counts.registrations]).toEqual([2, 1]);
    expect((await callTool(gateway, entry)).status).toBe(200);
  },
);

test('B21, H57: a move while the human is at the old issuer leaves those who wait to a login at the new one', async () => {
  const entry = scene.entry();
  const held = await gateway.login(entry, { challenge: {}, openBrowser: false });
  current = b;
  const failure = failureOf(held.done);
  await approve(urlOf(held));
  expect(await failure).toBeInstanceOf(LoginAbandonedError);
  expect(await failure).toMatchObject({ message: expect.stringContaining(b.issuer) });
  const next = await gateway.login(entry, { challenge: {}, openBrowser: false });
  expect(next.loginUrl).toContain(b.issuer);
  await approve(urlOf(next));
  await next.done;
  expect((await callTool(gateway, entry)).status).toBe(200);
  expect(leaked(a, b)).toEqual([]);
});

test('A10, H57: a step-up at another issuer asks for nothing that the old one granted', async () => {
  const entry = scene.entry({ scope: 'tools openid' });
  await logIn(gateway, entry);
  current = b;
  const challenge = { error: 'insufficient_scope', scope: 'admin' };
  const plain = scene.entry();
  const attempt = await gateway.login(plain, { challenge, openBrowser: false });
  expect(new URL(attempt.loginUrl ?? '').searchParams.get('scope')?.split(' ')).not.toContain('openid');
});

describe('B15: a configured client', () => {
  const oauth: Partial<OAuthSettings> = { clientId: 'by-hand', clientSecret: new Secret('canary-secret') };
  let entry: HttpServerEntry;
  beforeEach(async () => {
    const callbackPort = await freePort();
    entry = scene.entry({ ...oauth, callbackPort });
    for (const as of [a, b]) {
      as.enterClient({
        client_id: 'by-hand',
        client_secret: 'canary-secret',
        token_endpoint_auth_method: 'client_secret_basic',
        redirect_uris: [`http://127.0.0.1:${callbackPort}/callback`],
      });
    }
  });

  test('is shown to no other issuer than the one it was used at, until oauth.issuer names the other one', async () => {
    await logIn(gateway, entry);
    current = b;
    await failureOf(callTool(gateway, entry));
    const refused = await failureOf(gateway.login(entry, { openBrowser: false }));
    expect(refused).toMatchObject({
      code: 'AUTH_FAILED',
      message: expect.stringMatching(`${b.issuer}.*${a.issuer}`),
      hint: expect.stringContaining(`oauth.issuer to "${b.issuer}"`),
    });
    expect(leaked(a, b)).toEqual([]);
    expect(decoded(b.log)).not.toContain('canary-secret');

    if (entry.oauth === false) throw new Error('this entry logs in');
    const moved = { ...entry, oauth: { ...entry.oauth, issuer: b.issuer } };
    await logIn(gateway, moved);
    expect([a.counts.registrations, b.counts.registrations]).toEqual([0, 0]);
    expect(leaked(a, b)).toEqual(['by-hand']);
    expect((await callTool(gateway, moved)).status).toBe(200);
  });

  test('that oauth.issuer pins is shown to no other issuer', async () => {
    if (entry.oauth === false) throw new Error('this entry logs in');
    const pinned = { ...entry, oauth: { ...entry.oauth, issuer: a.issuer } };
    await logIn(gateway, pinned);
    current = b;
    await failureOf(callTool(gateway, pinned));
    const refused = await failureOf(gateway.login(pinned, { openBrowser: false }));
    expect(refused).toMatchObject({
      code: 'AUTH_FAILED',
      message: expect.stringContaining(`issuer "${b.issuer}" instead of "${a.issuer}"`),
      hint: expect.stringContaining('oauth.issuer'),
    });
    expect(leaked(a, b)).toEqual([]);
    expect(decoded(b.log)).not.toContain('canary-secret');
  });
});
