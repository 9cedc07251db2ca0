// Owns the stage of one provider: its servers under their own names, gateways on one token directory, a clock, and a human.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Arrival } from '../../../fixtures/http/approve.mjs';
import { approve } from '../../../fixtures/http/approve.mjs';
import type { AuthMethod, EndpointName } from '../../../fixtures/http/authorization-server/authority.mjs';
import type { LogEntry } from '../../../fixtures/http/authorization-server.mjs';
import { startAuthorizationServer } from '../../../fixtures/http/authorization-server.mjs';
import { startProtectedServer } from '../../../fixtures/http/protected-server.mjs';
import type { Authenticator, LoginAttempt } from '../../../src/auth/authenticator.ts';
import { createAuthenticator } from '../../../src/auth/authenticator.ts';
import { createFileTokenStore } from '../../../src/auth/file-token-store.ts';
import { loadServers } from '../../../src/config/load-servers.ts';
import type { HttpServerEntry } from '../../../src/config/server-entry.ts';
import type { AuthChallenge } from '../../../src/errors.ts';
import { LoginRequiredError } from '../../../src/errors.ts';
import type { FetchLike } from '../../../src/lib/fetch-like.ts';
import { createFileLock } from '../../../src/lib/file-lock.ts';
import { callTool, failureOf, urlOf } from '../login-scene.ts';
import type { ProviderShape } from './provider-row.ts';

export type ProviderStage = Awaited<ReturnType<typeof openStage>>;

/** What was asked of the token endpoint. */
export interface TokenCall {
  readonly grant: string | undefined;
  readonly method: AuthMethod;
  readonly resource: string | undefined;
  readonly form: Readonly<Record<string, string>>;
}

const appSecret = 'canary-app-secret';

export async function openStage(shape: ProviderShape) {
  const directory = await mkdtemp(join(tmpdir(), 'portico-provider-'));
  const clock = { at: Date.now() };
  const now = (): number => clock.at;
  const { as, server, places } = await startServers(shape, now);
  const network = networkOf(places);
  const processes: Authenticator[] = [];
  const opened: string[] = [];
  const quiet = (): void => undefined;
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  const process = (): Authenticator => {
    const created = createAuthenticator({
      fetch: network,
      store: createFileTokenStore({ lock: createFileLock() }, { directory }),
      tokenDirectory: directory,
      now,
      env: { DISPLAY: ':0' },
      platform: 'linux',
      log,
      openBrowser: async (url) => {
        opened.push(url);
        return { opened: true };
      },
    });
    processes.push(created);
    return created;
  };
  const visit = (url: string): Promise<Arrival> => approve(routed(places, url));
  const asked = (name: EndpointName): LogEntry[] => as.log.filter(({ path }) => path === pathOf(shape, name));
  const challengeOf = async (gateway: Authenticator, entry: HttpServerEntry, tool?: string): Promise<AuthChallenge> => {
    const refused = await failureOf(callTool(gateway, entry, tool));
    if (!(refused instanceof LoginRequiredError)) throw refused;
    return refused.challenge;
  };

  return {
    as,
    server,
    opened,
    /** A gateway as a process of its own would be: nothing shared but the directory. */
    process,
    /** The human's browser. */
    visit,
    call: callTool,
    challengeOf,
    asked,
    /** The entry that the config file gives, read as every config file is. */
    async entry(oauth?: Readonly<Record<string, unknown>>, more: object = {}): Promise<HttpServerEntry> {
      const path = join(directory, 'mcp.json');
      const server = { url: shape.url, ...(oauth && { oauth }), ...more };
      await writeFile(path, JSON.stringify({ mcpServers: { crm: server } }));
      const { servers, issues } = await loadServers({ path, env: { APP_SECRET: appSecret } });
      const found = servers.get('crm');
      if (issues.length > 0 || found?.state !== 'usable' || found.entry.kind !== 'http')
        throw new Error(JSON.stringify(issues));
      return found.entry;
    },
    /** Registers an app as a human does in the vendor's console. @returns the keys for the `oauth` block */
    registerApp(method: AuthMethod, redirectUri: string): Record<string, unknown> {
      const secret = method === 'none' ? {} : { client_secret: appSecret };
      const client = { client_id: 'the-app', ...secret, token_endpoint_auth_method: method };
      as.enterClient({ ...client, redirect_uris: [redirectUri] });
      return {
        clientId: 'the-app',
        ...(method !== 'none' && { clientSecret: `\${APP_SECRET}` }),
        callbackPort: Number(new URL(redirectUri).port),
      };
    },
    /** From the refused call to the end of the login. */
    async logIn(gateway: Authenticator, entry: HttpServerEntry, tool?: string): Promise<void> {
      const challenge = await challengeOf(gateway, entry, tool);
      const attempt = await gateway.login(entry, { challenge, openBrowser: true });
      await finish(attempt, visit);
    },
    /** Lets the clock go on, in milliseconds. */
    wait(ms: number): void {
      clock.at += ms;
    },
    /** Every access token that was given out so far is expired. */
    expire(): void {
      clock.at += (as.settings.accessTokenSeconds + 1) * 1000;
    },
    tokenCalls: (): TokenCall[] => asked('token').map(tokenCall),
    mcpStatuses: (from = 0): number[] => {
      const path = new URL(server.url).pathname.replace(/\/$/, '');
      const here = ({ path: at, method }: LogEntry): boolean => at.replace(/\/$/, '') === path && method === 'POST';
      return server.log
        .slice(from)
        .filter(here)
        .map(({ status }) => status);
    },
    async close(): Promise<void> {
      await Promise.all(processes.map((one) => one.close()));
      await server.close();
      await as.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The human comes back, and the gateway says that it is done. */
async function finish(attempt: LoginAttempt, visit: (url: string) => Promise<Arrival>): Promise<void> {
  const { done } = attempt;
  const arrival = await visit(urlOf(attempt));
  await done;
  if (arrival.status !== 200) throw new Error(`the browser ended at status ${arrival.status}`);
}

async function startServers(shape: ProviderShape, now: () => number) {
  const { origin: publicOrigin, pathname } = new URL(shape.issuer);
  const issuerPath = pathname === '/' ? '' : pathname;
  const as = await startAuthorizationServer({ ...shape.authorization, issuerPath, publicOrigin, now });
  const { origin } = new URL(shape.url);
  const server = await startProtectedServer({
    authorizationServers: as,
    path: shape.url.slice(origin.length),
    ...shape.resource,
    publicOrigin: origin,
    ...(origin === publicOrigin && { onServer: as }),
  });
  const places = new Map([[origin, server.origin]]);
  places.set(publicOrigin, as.origin);
  const { metadataOrigin } = shape.resource ?? {};
  if (metadataOrigin !== undefined) places.set(metadataOrigin, server.origin);
  return { as, server, places };
}

/** The internet: these origins, each behind a proxy that tells the name it was asked by, and nobody else. */
function networkOf(places: ReadonlyMap<string, string>): FetchLike {
  return async (input, init = {}) => {
    const url = new URL(input);
    if (!places.has(url.origin)) {
      const cause = Object.assign(new Error(`getaddrinfo ENOTFOUND ${url.hostname}`), { code: 'ENOTFOUND' });
      throw new TypeError('fetch failed', { cause });
    }
    const headers = new Headers(init.headers);
    headers.set('x-forwarded-host', url.host);
    return await fetch(routed(places, url.href), { ...init, headers });
  };
}

function routed(places: ReadonlyMap<string, string>, url: string): string {
  const { origin, pathname, search } = new URL(url);
  return `${places.get(origin) ?? origin}${pathname}${search}`;
}

function pathOf({ issuer, authorization }: ProviderShape, name: EndpointName): string {
  return authorization?.endpointPaths?.[name] ?? `${new URL(issuer).pathname.replace(/\/$/, '')}/${name}`;
}

function tokenCall({ form = {}, authorization }: LogEntry): TokenCall {
  const inBody = form['client_secret'] === undefined ? 'none' : 'client_secret_post';
  const method = authorization?.startsWith('Basic ') ? 'client_secret_basic' : inBody;
  return { grant: form['grant_type'], method, resource: form['resource'], form };
}
