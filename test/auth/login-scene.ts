// Owns the scene of the login tests: a protected MCP server, its authorization server, a token directory, and gateways
// ("processes") on it. Everything is closed at the end.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { approve } from '../../fixtures/http/approve.mjs';
import type {
  AuthMethod,
  AuthorizationFaults,
  AuthorizationSettings,
  RegisteredClient,
} from '../../fixtures/http/authorization-server/authority.mjs';
import type { AuthorizationServer, StartOptions } from '../../fixtures/http/authorization-server.mjs';
import { startAuthorizationServer } from '../../fixtures/http/authorization-server.mjs';
import type { ProtectedOptions, ProtectedServer } from '../../fixtures/http/protected-server.mjs';
import { startProtectedServer } from '../../fixtures/http/protected-server.mjs';
import type { Authenticator, AuthenticatorDeps, LoginAttempt } from '../../src/auth/authenticator.ts';
import { createAuthenticator } from '../../src/auth/authenticator.ts';
import { createFileTokenStore } from '../../src/auth/file-token-store.ts';
import { loginKey } from '../../src/auth/server-key.ts';
import type { LoginRecord } from '../../src/auth/token-store.ts';
import type { HttpServerEntry, OAuthSettings } from '../../src/config/server-entry.ts';
import { createFileLock } from '../../src/lib/file-lock.ts';

export interface SceneOptions {
  readonly authorization?: StartOptions & Partial<AuthorizationSettings>;
  readonly resource?: Partial<ProtectedOptions>;
}

/** What a login test may know of an authorization server, whoever made it. */
export interface Authority {
  readonly issuer: string;
  readonly endpoints: { readonly token: string; readonly revocation: string };
  counts(): {
    readonly registrations: number;
    readonly codeExchanges: number;
    readonly refreshes: number;
    /** Revocations that were accepted. */
    readonly revocations: number;
    /** Refreshes that were refused. */
    readonly refused: number;
  };
  /** What the requests to the token endpoint carried, in order. */
  tokenRequests(): readonly { readonly form: Readonly<Record<string, string>>; readonly authorization?: string }[];
  /** Until it is taken away. */
  fail(endpoint: 'metadata' | 'registration' | 'token' | 'revocation', fault: '503' | undefined): void;
  fail(endpoint: 'metadata' | 'token', fault: 'html' | 'drop'): void;
  forgetClients(): void;
  expireAccessTokens(): void;
  /** Every token of every login is dead, the refresh tokens too. */
  revokeLogins(): void;
}

/** What every authorization server of these tests can be told at its start. */
export interface CommonOptions {
  /** False: none are issued. */
  readonly refreshTokens?: boolean;
  readonly authMethods?: readonly AuthMethod[];
  readonly clients?: readonly RegisteredClient[];
  /** Of the metadata of the MCP server. */
  readonly scopesSupported?: readonly string[];
}

export type LoginScene = Awaited<ReturnType<typeof openScene>>;
export type StartLoginScene = (options?: CommonOptions) => Promise<LoginScene>;

/** Everything of a scene but the making of its servers, which end with it. */
export async function openScene(given: {
  readonly authority: Authority;
  readonly server: ProtectedServer;
  readonly closeServers: () => Promise<void>;
}) {
  const { authority, server, closeServers } = given;
  const directory = await mkdtemp(join(tmpdir(), 'portico-login-'));
  const processes: Authenticator[] = [];
  const warnings: string[] = [];
  const opened: string[] = [];
  const quiet = (): void => undefined;
  const warn = (_details: object, message: string): void => void warnings.push(message);
  const log = { debug: quiet, info: quiet, warn, error: warn };

  return {
    authority,
    server,
    directory,
    warnings,
    /** The URLs that browsers were sent to. */
    opened,
    /** A gateway as a process of its own would be: nothing shared but the directory. */
    process(change: Partial<AuthenticatorDeps> = {}): Authenticator {
      const created = createAuthenticator({
        fetch,
        store: createFileTokenStore({ lock: createFileLock() }, { directory }),
        tokenDirectory: directory,
        now: Date.now,
        env: {},
        platform: 'linux',
        log,
        openBrowser: async (url) => {
          opened.push(url);
          return { opened: true };
        },
        ...change,
      });
      processes.push(created);
      return created;
    },
    entry(oauth: Partial<OAuthSettings> = {}, change: Partial<HttpServerEntry> = {}): HttpServerEntry {
      return { ...plainEntry, url: server.url, oauth: { ...plainOAuth, ...oauth }, ...change };
    },
    async saved(profile?: string): Promise<LoginRecord> {
      return JSON.parse(await readFile(join(directory, `${loginKey(server.url, profile)}.json`), 'utf8'));
    },
    async files(): Promise<string[]> {
      return (await readdir(directory)).sort();
    },
    async close(): Promise<void> {
      await Promise.all(processes.map((one) => one.close()));
      await closeServers();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export type Scene = Awaited<ReturnType<typeof startScene>>;

/** With our own authorization server, whose faults are switches. */
export async function startScene({ authorization = {}, resource = {} }: SceneOptions = {}) {
  const as = await startAuthorizationServer(authorization);
  const server = await startProtectedServer({ authorizationServers: as, ...resource });
  const closeServers = async (): Promise<void> => {
    await server.close();
    await as.close();
  };
  return { as, ...(await openScene({ authority: authorityOf(as), server, closeServers })) };
}

/** The same, told in the words that every authorization server here understands. */
export async function startCommonScene(options: CommonOptions = {}): Promise<LoginScene> {
  const { refreshTokens = true, scopesSupported, ...settings } = options;
  const faults: AuthorizationFaults = refreshTokens ? {} : { token: 'no-refresh-token' };
  return await startScene({
    authorization: { ...settings, faults },
    ...(scopesSupported && { resource: { scopesSupported } }),
  });
}

function authorityOf(as: AuthorizationServer): Authority {
  const faultNames = { metadata: 'metadataAs', registration: 'registration', token: 'token', revocation: 'revocation' };
  return {
    issuer: as.issuer,
    endpoints: { token: `${as.origin}/token`, revocation: `${as.origin}/revoke` },
    counts() {
      const { refusedRefreshes: refused, ...counts } = as.counts;
      return { ...counts, refused };
    },
    tokenRequests: () =>
      as.log
        .filter(({ path }) => path === '/token')
        .map(({ form = {}, authorization }) => ({ form, ...(authorization !== undefined && { authorization }) })),
    fail(endpoint: keyof typeof faultNames, fault: string | undefined) {
      Object.assign(as.faults, { [faultNames[endpoint]]: fault });
    },
    forgetClients: as.forgetClients,
    expireAccessTokens: as.expireAccessTokens,
    revokeLogins: as.revokeLogins,
  };
}

const plainOAuth: OAuthSettings = {
  grantType: 'authorization_code',
  dpop: false,
  callbackHost: '127.0.0.1',
  authorizationParams: {},
};

export const plainEntry: HttpServerEntry = {
  kind: 'http',
  name: 'crm',
  disabled: false,
  timeoutMs: 10_000,
  totalTimeoutMs: 3_600_000,
  connectTimeoutMs: 10_000,
  maxResultBytes: 1_048_576,
  protocol: 'auto',
  transport: 'auto',
  url: '',
  headers: {},
  oauth: plainOAuth,
};

export function urlOf(attempt: LoginAttempt): string {
  if (attempt.loginUrl === undefined) throw new Error('there is no login URL: the login is already there');
  return attempt.loginUrl;
}

/** The human: logs in, and waits until the gateway says that it is done. */
export async function logIn(gateway: Authenticator, entry: HttpServerEntry): Promise<void> {
  const attempt = await gateway.login(entry, { openBrowser: false });
  await approve(urlOf(attempt));
  await attempt.done;
}

/** The outcome of something that has to fail. */
export async function failureOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

/** One tool call through the gateway's fetch, in a session of its own. */
export async function callTool(gateway: Authenticator, entry: HttpServerEntry, tool = 'whoami'): Promise<Response> {
  const authorized = gateway.fetchFor(entry);
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const post = (session: string | null, method: string, params: object): Promise<Response> =>
    authorized(entry.url, {
      method: 'POST',
      headers: session === null ? headers : { ...headers, 'mcp-session-id': session },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    });
  const clientInfo = { name: 'test', version: '1' };
  const first = await post(null, 'initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
  await first.text();
  return await post(first.headers.get('mcp-session-id'), 'tools/call', { name: tool, arguments: {} });
}
