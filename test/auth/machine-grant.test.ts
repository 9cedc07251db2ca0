import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLocalJWKSet, exportJWK, jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Authenticator } from '../../src/auth/authenticator.ts';
import { createAuthenticator } from '../../src/auth/authenticator.ts';
import { createFileTokenStore } from '../../src/auth/file-token-store.ts';
import { jwtBearer } from '../../src/auth/machine-grant.ts';
import type { HttpServerEntry, OAuthSettings } from '../../src/config/server-entry.ts';
import { createFileLock } from '../../src/lib/file-lock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { failureOf } from './login-scene.ts';
import type { MachineScene } from './machine-scene.ts';
import { startMachineScene } from './machine-scene.ts';
import { httpEntry, oauth as plainOAuth } from './samples.ts';

let directory: string;
let scene: MachineScene;
let opened: Authenticator[];
const jwt = `${Buffer.from('{"alg":"ES256"}').toString('base64url')}.cGF5bG9hZA.c2lnbmF0dXJl`;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'portico-machine-'));
  opened = [];
});

afterEach(async () => {
  await Promise.all(opened.map((one) => one.close()));
  await scene.close();
  await rm(directory, { recursive: true, force: true });
});

/** A gateway as a process of its own would be. */
function gateway(now: () => number = Date.now): Authenticator {
  const quiet = (): void => undefined;
  const one = createAuthenticator({
    fetch,
    store: createFileTokenStore({ lock: createFileLock() }, { directory }),
    tokenDirectory: directory,
    now,
    env: process.env,
    platform: 'linux',
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    openBrowser: () => Promise.reject(new Error('no human is here')),
  });
  opened.push(one);
  return one;
}

function entry(oauth: Partial<OAuthSettings>): HttpServerEntry {
  return { ...httpEntry, url: scene.url, oauth: { ...plainOAuth, ...oauth } };
}

const secretClient: Partial<OAuthSettings> = {
  grantType: 'client_credentials',
  clientId: 'ci',
  clientSecret: new Secret('s3cret'),
};

const call = (one: Authenticator, server: HttpServerEntry): Promise<Response> =>
  one.fetchFor(server)(server.url, { method: 'POST', body: '{}' });

describe('client credentials', () => {
  it('C28: give a token to the first call, without a human and without a browser', async () => {
    scene = await startMachineScene();
    expect((await call(gateway(), entry(secretClient))).status).toBe(200);
    expect(scene.forms.map((form) => Object.fromEntries(form))).toEqual([
      { grant_type: 'client_credentials', scope: 'read', resource: scene.url },
    ]);
    expect(scene.tokenRequests[0]?.headers.authorization).toBe(`Basic ${btoa('ci:s3cret')}`);
  });

  it('are asked for once by ten calls in two processes', async () => {
    scene = await startMachineScene();
    const [one, other] = [gateway(), gateway()];
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => call(i % 2 ? one : other, entry(secretClient))),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(scene.forms).toHaveLength(1);
  });

  it('are asked for again when the config names another client, in a gateway that runs and in the next one', async () => {
    scene = await startMachineScene();
    const one = gateway();
    await call(one, entry(secretClient));
    await one.outdated(entry(secretClient));
    const writer = entry({ ...secretClient, clientId: 'writer' });
    expect((await call(one, writer)).status).toBe(200);
    expect((await call(gateway(), writer)).status).toBe(200);
    const clients = scene.tokenRequests.map(({ headers }) => headers.authorization);
    expect(clients).toEqual([`Basic ${btoa('ci:s3cret')}`, `Basic ${btoa('writer:s3cret')}`]);
  });

  it('are asked for again when the token has expired, before the server is asked', async () => {
    scene = await startMachineScene({ expiresIn: 60 });
    let now = Date.now();
    const one = gateway(() => now);
    await call(one, entry(secretClient));
    now += 61_000;
    const before = scene.calls();
    expect((await call(one, entry(secretClient))).status).toBe(200);
    expect(scene.calls() - before).toBe(1);
    expect(scene.forms).toHaveLength(2);
  });

  it('are asked for again when the server no longer takes the token', async () => {
    scene = await startMachineScene();
    const one = gateway();
    await call(one, entry(secretClient));
    scene.accepted.clear();
    expect((await call(one, entry(secretClient))).status).toBe(200);
    expect(scene.forms).toHaveLength(2);
  });

  it('count as a login that needs no human, also after it expired', async () => {
    scene = await startMachineScene({ expiresIn: 60 });
    let now = Date.now();
    const one = gateway(() => now);
    const server = entry(secretClient);
    expect(await one.status(server)).toEqual({ kind: 'none' });
    const attempt = await one.login(server, { openBrowser: true });
    expect(attempt.loginUrl).toBeUndefined();
    await attempt.done;
    now += 3_600_000;
    expect(await one.status(server)).toMatchObject({ kind: 'logged_in', canRefresh: true });
  });

  it('with more scope are asked for where a call needs it', async () => {
    scene = await startMachineScene();
    const one = gateway();
    const server = entry(secretClient);
    await call(one, server);
    const attempt = await one.login(server, {
      openBrowser: true,
      challenge: { error: 'insufficient_scope', scope: 'write' },
    });
    await attempt.done;
    expect(scene.forms[1]?.get('scope')?.split(' ').sort()).toEqual(['read', 'write']);
  });

  it('prove the client with a signed assertion (private_key_jwt) and no secret', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    scene = await startMachineScene();
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const server = entry({ grantType: 'client_credentials', clientId: 'ci', privateKey: new Secret(pem) });
    expect((await call(gateway(), server)).status).toBe(200);
    const [form] = scene.forms;
    expect(form?.get('client_assertion_type')).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    expect(scene.tokenRequests[0]?.headers.authorization).toBeUndefined();
    const keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256' }] });
    const { payload } = await jwtVerify(form?.get('client_assertion') ?? '', keys, { issuer: 'ci', subject: 'ci' });
    expect([payload.aud].flat()).toContain(scene.origin);
  });

  it('without a client in the config say which key is missing', async () => {
    scene = await startMachineScene();
    const error = await failureOf(call(gateway(), entry({ grantType: 'client_credentials' })));
    expect(error).toMatchObject({ code: 'AUTH_FAILED', hint: expect.stringContaining('oauth.clientId') });
  });
});

describe('a refused grant', () => {
  const refusal = { status: 401, body: { error: 'invalid_client', error_description: 's3cret is wrong' } };

  it('is quoted without the secret, and is not repeated by every call', async () => {
    scene = await startMachineScene();
    scene.answer = () => refusal;
    let now = Date.now();
    const one = gateway(() => now);
    const server = entry(secretClient);
    for (let calls = 0; calls < 5; calls++) {
      const error = (await failureOf(call(one, server))) as Error;
      expect(error).toMatchObject({ code: 'AUTH_FAILED', message: expect.stringContaining('invalid_client') });
      expect(error.message).not.toContain('s3cret');
    }
    expect(scene.forms).toHaveLength(1);
    now += 1000;
    scene.answer = () => undefined;
    expect((await call(one, server)).status).toBe(200);
  });

  it('is tried at once where a human asks for the login', async () => {
    scene = await startMachineScene();
    scene.answer = () => refusal;
    const one = gateway();
    const server = entry(secretClient);
    await failureOf(call(one, server));
    scene.answer = () => undefined;
    await (await one.login(server, { openBrowser: false })).done;
    expect((await call(one, server)).status).toBe(200);
  });

  it.each([503, 429])(
    'with status %i is the trouble of the authorization server, not of the config',
    async (status) => {
      scene = await startMachineScene();
      scene.answer = () => ({ status, body: 'later' });
      expect(await failureOf(call(gateway(), entry(secretClient)))).toMatchObject({ code: 'SERVER_UNAVAILABLE' });
    },
  );
});

describe('a JWT bearer grant', () => {
  const workload: Partial<OAuthSettings> = { grantType: jwtBearer, clientId: 'workload' };

  it('sends the assertion of the config (RFC 7523 section 2.1)', async () => {
    scene = await startMachineScene();
    const server = entry({ ...workload, assertion: { kind: 'value', value: new Secret(jwt) } });
    expect((await call(gateway(), server)).status).toBe(200);
    expect(Object.fromEntries(scene.forms[0] ?? [])).toEqual({
      grant_type: jwtBearer,
      assertion: jwt,
      client_id: 'workload',
      scope: 'read',
      resource: scene.url,
    });
  });

  it('reads a file anew for every token', async () => {
    scene = await startMachineScene();
    const path = join(directory, 'workload.jwt');
    const server = entry({ ...workload, assertion: { kind: 'file', path } });
    const one = gateway();
    await writeFile(path, `${jwt}\n`);
    await call(one, server);
    await writeFile(path, `${jwt}2`);
    scene.accepted.clear();
    await call(one, server);
    expect(scene.forms.map((form) => form.get('assertion'))).toEqual([jwt, `${jwt}2`]);
  });

  it('asks a command, without a shell', async () => {
    scene = await startMachineScene();
    const args = ['-e', 'process.stdout.write(process.argv[1])', jwt];
    const server = entry({ ...workload, assertion: { kind: 'command', command: process.execPath, args } });
    expect((await call(gateway(), server)).status).toBe(200);
    expect(scene.forms[0]?.get('assertion')).toBe(jwt);
  });

  it.each<[string, OAuthSettings['assertion'], string]>([
    ['a file that is not there', { kind: 'file', path: '/nowhere/workload.jwt' }, '/nowhere/workload.jwt'],
    ['a command that is not there', { kind: 'command', command: '/nowhere/program', args: [] }, '/nowhere/program'],
    ['a command that fails', { kind: 'command', command: process.execPath, args: ['-e', 'process.exit(3)'] }, 'code 3'],
    ['a command that prints something else', { kind: 'command', command: process.execPath, args: ['-v'] }, 'no JWT'],
    ['text that is no JWT', { kind: 'value', value: new Secret('hunter2') }, 'no JWT'],
  ])('names %s, and sends nothing', async (_case, assertion, named) => {
    scene = await startMachineScene();
    const error = (await failureOf(call(gateway(), entry({ ...workload, ...(assertion && { assertion }) })))) as Error;
    expect(error).toMatchObject({ code: 'AUTH_FAILED', message: expect.stringContaining(named) });
    expect(error.message).not.toContain('hunter2');
    expect(scene.forms).toEqual([]);
  });
});

describe('the enterprise-managed flow', () => {
  const managed = (): Partial<OAuthSettings> => ({
    grantType: jwtBearer,
    clientId: 'portico',
    clientSecret: new Secret('s3cret'),
    idp: {
      clientId: 'idp-client',
      idToken: new Secret('id.token.of-alice'),
      tokenEndpoint: `${scene.origin}/idp/token`,
    },
  });

  it('exchanges the ID token at the identity provider, and the assertion for a token (RFC 8693, RFC 7523)', async () => {
    scene = await startMachineScene();
    scene.answer = (_form, { path }) =>
      path === '/idp/token' ? { body: { access_token: jwt, token_type: 'N_A' } } : undefined;
    expect((await call(gateway(), entry(managed()))).status).toBe(200);
    expect(scene.tokenRequests.map(({ path }) => path)).toEqual(['/idp/token', '/token']);
    expect(Object.fromEntries(scene.forms[0] ?? [])).toMatchObject({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      requested_token_type: 'urn:ietf:params:oauth:token-type:id-jag',
      audience: scene.origin,
      resource: scene.url,
      subject_token: 'id.token.of-alice',
      subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
      client_id: 'idp-client',
    });
    expect(scene.forms[1]?.get('assertion')).toBe(jwt);
    expect(scene.tokenRequests[1]?.headers.authorization).toBe(`Basic ${btoa('portico:s3cret')}`);
  });

  it('says that the identity provider refused, and asks the authorization server nothing', async () => {
    scene = await startMachineScene();
    scene.answer = () => ({
      status: 400,
      body: { error: 'invalid_grant', error_description: 'id.token.of-alice is old' },
    });
    const error = (await failureOf(call(gateway(), entry(managed())))) as Error;
    expect(error).toMatchObject({ code: 'AUTH_FAILED', hint: expect.stringContaining('oauth.idp.idToken') });
    expect(error.message).not.toContain('id.token.of-alice');
    expect(scene.tokenRequests.map(({ path }) => path)).toEqual(['/idp/token']);
  });
});
