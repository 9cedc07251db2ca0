// Owns the story of one login held by this process, step by step; each step is a file of its own. Opens no browser.
import type { HttpServerEntry, OAuthSettings } from '../config/server-entry.ts';
import type { AuthChallenge } from '../errors.ts';
import { errorText, GatewayError } from '../errors.ts';
import type { FetchLike } from '../lib/fetch-like.ts';
import type { LogPort } from '../lib/log-port.ts';
import { orAborted } from '../lib/or-aborted.ts';
import type { PendingAuthorization } from './authorize.ts';
import { beginAuthorization, chooseScope, judgeCallback } from './authorize.ts';
import { requireOpenableUrl } from './browser.ts';
import type { CallbackPort, CallbackServer } from './callback-server.ts';
import { chooseClient } from './choose-client.ts';
import type { Credentials } from './credentials.ts';
import type { Discovery } from './discover.ts';
import { discover } from './discover.ts';
import type { DpopKey } from './dpop.ts';
import { createDpopKey } from './dpop.ts';
import type { Exchanged } from './exchange-code.ts';
import { exchangeCode } from './exchange-code.ts';
import type { LoginLease } from './login-lease.ts';
import { failurePage, successPage } from './login-page.ts';
import { isLoopbackHost } from './loopback.ts';
import { proveToken, rejectedTokenError } from './prove-login.ts';
import { saveLogin } from './save-login.ts';
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
    const dpop = await dpopOf(deps, input, discovery);
    const client = await chooseClient(deps, input, {
      discovery,
      saved,
      redirectUri: settings.redirectUri ?? port.redirectUri,
    });
    const pending = await beginAuthorization({
      server: entry.name,
      discovery,
      client,
      redirectUri: client.redirect_uri ?? port.redirectUri,
      scope: scopeToAsk(input, discovery, saved),
      settings,
      dpop,
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
    await saveLogin(deps, { entry, key: input.key, discovery: prepared.discovery, exchanged });
    const token = exchanged.tokens.access_token;
    const proof = await proveToken(deps, { entry, token, dpop: exchanged.dpop, signal });
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
    key: input.settings,
    signal,
  });
}

/** A key of its own for every login, where the server or the config wants its tokens bound to one (RFC 9449). */
async function dpopOf(deps: LoginDeps, input: LoginInput, discovery: Discovery): Promise<DpopKey | undefined> {
  const { entry, settings, challenge } = input;
  const wanted = settings.dpop || challenge.dpop === true || discovery.dpopRequired === true;
  return wanted ? await createDpopKey(entry.name, discovery.as, deps.now) : undefined;
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
