// Owns the story of one login held by this process, step by step; each step is a file of its own. Opens no browser.
import type { HttpServerEntry, OAuthSettings } from '../config/server-entry.ts';
import type { AuthChallenge } from '../errors.ts';
import { errorText, GatewayError } from '../errors.ts';
import type { FetchLike } from '../lib/fetch-like.ts';
import type { LogPort } from '../lib/log-port.ts';
import { orAborted } from '../lib/or-aborted.ts';
import type { Exchanged, PendingAuthorization } from './authorize.ts';
import { beginAuthorization, chooseScope, exchangeCode, judgeCallback } from './authorize.ts';
import { requireOpenableUrl } from './browser.ts';
import type { CallbackPort, CallbackServer } from './callback-server.ts';
import type { Credentials } from './credentials.ts';
import type { Discovery } from './discover.ts';
import { discover } from './discover.ts';
import type { LoginLease } from './login-lease.ts';
import { failurePage, successPage } from './login-page.ts';
import { nextUpdatedAt, recordVersion } from './login-record.ts';
import { isLoopbackHost } from './loopback.ts';
import { proveToken, rejectedTokenError } from './prove-login.ts';
import { configuredClient, register } from './register.ts';
import type { LoginRecord, SavedClient, TokenStore } from './token-store.ts';

export interface LoginDeps {
  readonly fetch: FetchLike;
  readonly store: TokenStore;
  readonly now: () => number;
  readonly log: LogPort;
  readonly callbacks: CallbackServer;
  readonly credentials: Credentials;
}

export interface LoginInput {
  readonly entry: HttpServerEntry;
  readonly settings: OAuthSettings;
  readonly key: string;
  readonly challenge: AuthChallenge;
  readonly lease: LoginLease;
  /** A registration that the last login used and did not finish with: the human may have seen it refused. */
  readonly distrustedClientId?: string | undefined;
  /** Register anew whatever is saved. */
  readonly freshClient: boolean;
  readonly expiresAt: number;
  /** Aborted with the reason that ends the login. */
  readonly signal: AbortSignal;
}

export interface OpenedLogin {
  readonly loginUrl: string;
  /** Hands in a pasted callback; false where its state is not this login's. */
  deliver(parameters: URLSearchParams): boolean;
  /** Rejects with GatewayError AUTH_FAILED. */
  readonly done: Promise<void>;
}

interface Prepared {
  readonly discovery: Discovery;
  readonly client: SavedClient;
  readonly pending: PendingAuthorization;
}

/** Goes as far as the URL; the rest happens in `done`. @throws GatewayError AUTH_FAILED */
export async function openLogin(deps: LoginDeps, input: LoginInput): Promise<OpenedLogin> {
  const { entry, settings, signal } = input;
  const saved = await deps.store.read(input.key);
  const asked = { server: entry.name, serverUrl: entry.url, headers: entry.headers };
  const discovery = await discover(deps, { ...asked, challenge: input.challenge, settings, signal });
  const port = await deps.callbacks.open(callbackAddress(settings, saved?.client.redirect_uri));
  try {
    const client = await chooseClient(deps, input, discovery, saved, settings.redirectUri ?? port.redirectUri);
    const pending = await beginAuthorization({
      server: entry.name,
      discovery,
      client,
      redirectUri: client.redirect_uri ?? port.redirectUri,
      scope: scopeToAsk(input, discovery, saved),
      settings,
    });
    const loginUrl = requireOpenableUrl(pending.url);
    const arrived = port.expect(pending.state);
    await input.lease.publish({
      loginUrl,
      callbackUrl: port.redirectUri,
      expiresAt: input.expiresAt,
      ...(settings.clientId === undefined && { unprovenClientId: client.client_id }),
    });
    signal.throwIfAborted();
    const done = settle(deps, input, { discovery, client, pending }, port, arrived);
    return { loginUrl, deliver: (parameters) => port.deliver(parameters), done };
  } catch (error) {
    await port.release();
    throw error;
  }
}

/** From the callback to the page: the browser hears of success only after the token was used once. */
async function settle(
  deps: LoginDeps,
  input: LoginInput,
  prepared: Prepared,
  port: CallbackPort,
  arrived: Promise<URLSearchParams>,
): Promise<void> {
  const { entry, lease, signal } = input;
  let parameters: URLSearchParams | undefined;
  try {
    parameters = await orAborted(arrived, signal);
    const exchanged = await exchange(deps, input, prepared, parameters);
    await save(deps, input, prepared.discovery, exchanged);
    const proof = await proveToken(deps, { entry, token: exchanged.tokens.access_token, signal });
    if (proof.kind === 'rejected') throw rejectedTokenError(entry.name, proof);
    if (proof.kind === 'unanswered') {
      deps.log.warn({ server: entry.name, reason: proof.reason }, 'logged in, but the server does not answer now');
    }
    await lease.finish();
    await port.answer(successPage(entry.name, exchanged.account));
  } catch (error) {
    const failure = asLoginFailure(entry.name, signal.aborted ? signal.reason : error);
    // A human who said no was asked by a server that knows the client; every other end leaves that in doubt.
    const clientIsKnown = parameters?.get('error') === 'access_denied';
    await lease.fail({ message: failure.message, hint: failure.hint }, clientIsKnown);
    await port.answer(failurePage(entry.name, failure.message, failure.hint));
    throw failure;
  } finally {
    await port.release();
  }
}

async function exchange(
  deps: LoginDeps,
  input: LoginInput,
  prepared: Prepared,
  arrived: URLSearchParams,
): Promise<Exchanged> {
  const { discovery, client, pending } = prepared;
  const server = input.entry.name;
  const parameters = judgeCallback({ server, discovery, client, state: pending.state, parameters: arrived });
  const { signal } = input;
  return await exchangeCode(deps, {
    server,
    discovery,
    client,
    pending,
    parameters,
    signal,
  });
}

/** A login that cannot be saved is used all the same, until this process ends. */
async function save(deps: LoginDeps, input: LoginInput, discovery: Discovery, exchanged: Exchanged): Promise<void> {
  const { entry, key } = input;
  const build = (before: LoginRecord | undefined): LoginRecord => ({
    version: recordVersion,
    server_url: entry.url,
    ...(entry.profile !== undefined && { profile: entry.profile }),
    ...(discovery.resource !== undefined && { resource: discovery.resource }),
    issuer: discovery.issuer,
    token_endpoint: discovery.as.token_endpoint ?? '',
    ...(discovery.as.revocation_endpoint !== undefined && { revocation_endpoint: discovery.as.revocation_endpoint }),
    client: exchanged.client,
    tokens: exchanged.tokens,
    ...(exchanged.account !== undefined && { account: exchanged.account }),
    updated_at: nextUpdatedAt(before, deps.now()),
  });
  try {
    await deps.store.withLock(key, async () => {
      const record = build(await deps.store.read(key));
      await deps.store.write(key, record);
      deps.credentials.accept(record, true);
    });
  } catch (error) {
    deps.log.warn(
      { server: entry.name, error: errorText(error) },
      'the login could not be saved: it lasts as long as this process',
    );
    deps.credentials.accept(build(undefined), false);
  }
}

/** Configured client, else the saved registration while it can be trusted, else a new one. */
async function chooseClient(
  deps: LoginDeps,
  input: LoginInput,
  discovery: Discovery,
  saved: LoginRecord | undefined,
  redirectUri: string,
): Promise<SavedClient> {
  const { entry, settings, signal } = input;
  const configured = configuredClient(settings, discovery, redirectUri);
  // A metadata document that the authorization server did not take leaves registration as the other way in.
  const refusedDocument =
    settings.clientId === undefined &&
    configured?.client_id === input.distrustedClientId &&
    discovery.as.registration_endpoint !== undefined;
  if (configured && !refusedDocument) return configured;
  const registration = saved?.issuer === discovery.issuer ? saved.client : undefined;
  const usable =
    registration?.registered_at !== undefined &&
    !input.freshClient &&
    registration.client_id !== input.distrustedClientId &&
    reachesUs(registration.redirect_uri, redirectUri, settings) &&
    !secretExpired(registration, deps.now());
  if (registration && usable) return registration;
  return await register(deps, { server: entry.name, discovery, redirectUri, settings, signal });
}

/**
 * Whether the registered redirect URI still ends at our listener: byte for byte the one we would register, or the
 * `localhost` form that some servers keep in its place.
 */
function reachesUs(registered: string | undefined, ours: string, settings: OAuthSettings): boolean {
  if (registered === ours) return true;
  if (registered === undefined || settings.redirectUri !== undefined || !URL.canParse(registered)) return false;
  const [kept, wanted] = [new URL(registered), new URL(ours)];
  wanted.hostname = 'localhost';
  return kept.href === wanted.href;
}

function secretExpired(client: SavedClient, now: number): boolean {
  // RFC 7591 section 3.2.1: 0 means never.
  const expiresAt = (client.client_secret_expires_at ?? 0) * 1000;
  return expiresAt !== 0 && expiresAt <= now;
}

/** A step-up asks for what is granted and what is missing; every other login starts from nothing. */
function scopeToAsk(input: LoginInput, discovery: Discovery, saved: LoginRecord | undefined): string | undefined {
  const { challenge, settings } = input;
  const alreadyGranted = challenge.error === 'insufficient_scope' ? saved?.tokens?.scope : undefined;
  const { as, scopesSupported } = discovery;
  return chooseScope({ settings, challenge, scopesSupported, as, alreadyGranted });
}

function callbackAddress(
  settings: OAuthSettings,
  registered: string | undefined,
): Parameters<CallbackServer['open']>[0] {
  const configured = settings.redirectUri === undefined ? undefined : new URL(settings.redirectUri);
  return {
    host: settings.callbackHost,
    fixedPort: settings.callbackPort ?? loopbackPort(configured),
    preferredPort: loopbackPort(registered !== undefined && URL.canParse(registered) ? new URL(registered) : undefined),
    path: configured?.pathname,
  };
}

/** The port that a redirect URI binds us to: only one on this machine, without a proxy before it, does. */
function loopbackPort(url: URL | undefined): number | undefined {
  if (url?.protocol !== 'http:' || !isLoopbackHost(url.hostname)) return undefined;
  return url.port === '' ? 80 : Number(url.port);
}

function asLoginFailure(server: string, error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  return new GatewayError('AUTH_FAILED', `the login to server '${server}' failed: ${errorText(error).slice(0, 200)}`, {
    server,
    hint: `portico login ${server}`,
    cause: error,
  });
}
