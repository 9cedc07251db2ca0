// Pushed requests and device codes at an authorization server that nobody here wrote: the npm package oidc-provider.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { approve } from '../../fixtures/http/approve.mjs';
import { startOidcProviderServer } from '../../fixtures/http/oidc-provider-server.mjs';
import { createAuthenticator } from '../../src/auth/authenticator.ts';
import { createFileTokenStore } from '../../src/auth/file-token-store.ts';
import { createFileLock } from '../../src/lib/file-lock.ts';
import { callTool, plainEntry, urlOf } from './login-scene.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function begin(options: Parameters<typeof startOidcProviderServer>[0]) {
  const provider = await startOidcProviderServer(options);
  ends.push(() => provider.close());
  const directory = await mkdtemp(join(tmpdir(), 'portico-roads-'));
  ends.push(() => rm(directory, { recursive: true, force: true }));
  const quiet = (): void => undefined;
  const gateway = createAuthenticator({
    fetch,
    store: createFileTokenStore({ lock: createFileLock() }, { directory }),
    tokenDirectory: directory,
    now: Date.now,
    env: { GATEWAY_BROWSER: 'none' },
    platform: 'linux',
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    sleep: () => new Promise((resolve) => setTimeout(resolve, 20)),
  });
  ends.push(() => gateway.close());
  return { provider, gateway, entry: { ...plainEntry, url: provider.url } };
}

test('a login with a pushed request goes through', async () => {
  const { provider, gateway, entry } = await begin({ requirePushed: true });
  const attempt = await gateway.login(entry, { openBrowser: false });
  expect([...new URL(urlOf(attempt)).searchParams.keys()].sort()).toEqual(['client_id', 'request_uri']);
  expect((await approve(urlOf(attempt))).status).toBe(200);
  await attempt.done;
  expect((await callTool(gateway, entry)).status).toBe(200);
  expect(provider.counts).toMatchObject({ registrations: 1, codeExchanges: 1, grantErrors: [] });
});

test('a login by device code goes through', async () => {
  const { provider, gateway, entry } = await begin({ deviceLogin: true });
  const attempt = await gateway.login(entry, { openBrowser: false });
  expect(attempt.userCode).toMatch(/^[A-Z]{4}-[A-Z]{4}$/);
  const arrival = await approve(urlOf(attempt));
  expect(arrival.body).toContain('Sign-in Success');
  await attempt.done;
  expect((await callTool(gateway, entry)).status).toBe(200);
  expect(provider.counts).toMatchObject({ registrations: 1, codeExchanges: 1 });
  expect(new Set(provider.counts.grantErrors)).toEqual(new Set(['authorization_pending']));
});
