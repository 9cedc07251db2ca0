// Owns the story of one login held by this process, step by step; each step is a file of its own. Opens no browser.
import type { AuthChallenge } from '../errors.ts';
import { errorText, GatewayError, LoginAbandonedError } from '../errors.ts';
import { chooseScope } from './authorize.ts';
import { openCodeRoad } from './code-login.ts';
import { deviceGrant, offersDeviceLogin } from './device-authorization.ts';
import { openDeviceRoad } from './device-login.ts';
import type { Discovery } from './discover.ts';
import { discover } from './discover.ts';
import type { DpopKey } from './dpop.ts';
import { createDpopKey } from './dpop.ts';
import { failurePage, successPage } from './login-page.ts';
import type { Departure, LoginDeps, LoginInput, LoginRoad } from './login-road.ts';
import { movedIssuerError } from './moved-issuer.ts';
import { proveToken, rejectedTokenError } from './prove-login.ts';
import { saveLogin } from './save-login.ts';
import type { LoginRecord } from './token-store.ts';

export interface OpenedLogin extends Pick<LoginRoad, 'urlHoldsMs' | 'userCode' | 'expiresAt' | 'deliver'> {
  /** What can be opened now. */
  loginUrl(): string;
  /** Rejects with GatewayError AUTH_FAILED. */
  readonly done: Promise<void>;
}

/** Goes as far as the URL; the rest happens in `done`. @throws GatewayError AUTH_FAILED */
export async function openLogin(deps: LoginDeps, input: LoginInput): Promise<OpenedLogin> {
  const { entry, settings, signal, challenge, withoutLogin } = input;
  const saved = await deps.store.read(input.key);
  const asked = { server: entry.name, serverUrl: entry.url, headers: entry.headers };
  const discovery = await discover(deps, { ...asked, challenge, withoutLogin, settings, signal });
  const dpop = await dpopOf(deps, input, discovery);
  const from = { discovery, saved, dpop, scope: scopeToAsk(input, discovery, saved) };
  const road = await takeRoad(deps, input, from);
  try {
    const { loginUrl, userCode, callbackUrl, client, expiresAt } = road;
    await input.lease.publish({
      loginUrl,
      expiresAt,
      ...(userCode !== undefined && { userCode }),
      ...(callbackUrl !== undefined && { callbackUrl }),
      ...(settings.clientId === undefined && { unprovenClientId: client.client_id }),
    });
    signal.throwIfAborted();
    deps.log.info(
      { server: entry.name, loginUrl, ...(userCode !== undefined && { userCode }) },
      'open this URL to log in',
    );
    const done = settle(deps, input, discovery, road);
    return {
      loginUrl: () => road.loginUrl,
      expiresAt,
      ...(userCode !== undefined && { userCode }),
      ...(road.urlHoldsMs !== undefined && { urlHoldsMs: road.urlHoldsMs }),
      deliver: (parameters) => road.deliver(parameters),
      done,
    };
  } catch (error) {
    await road.release();
    throw error;
  }
}

/** The device code where the config says so, and where no browser is at hand and it can be had; else the browser. */
async function takeRoad(deps: LoginDeps, input: LoginInput, from: Departure): Promise<LoginRoad> {
  const { entry, settings, headless, signal } = input;
  if (settings.grantType === deviceGrant) return await openDeviceRoad(deps, input, from);
  if (headless && offersDeviceLogin(from.discovery.as)) {
    try {
      return await openDeviceRoad(deps, input, from);
    } catch (error) {
      signal.throwIfAborted();
      // Nothing was shown yet, and the other road needs only one thing more of the human: a paste.
      deps.log.info(
        { server: entry.name, reason: errorText(error) },
        'no device login: a browser login is opened instead',
      );
    }
  }
  return await openCodeRoad(deps, input, from);
}

/** From the human's end to the page: the browser hears of success only after the token was used once. */
async function settle(deps: LoginDeps, input: LoginInput, discovery: Discovery, road: LoginRoad): Promise<void> {
  const { entry, key, lease, signal } = input;
  let gaveTokens = false;
  try {
    const exchanged = await road.obtain();
    gaveTokens = true;
    await saveLogin(deps, { entry, key, discovery, exchanged });
    const token = exchanged.tokens.access_token;
    const proof = await proveToken(deps, { entry, token, dpop: exchanged.dpop, signal });
    if (proof.kind === 'rejected') {
      const moved = await movedIssuerError(deps, input, { discovery, proof });
      if (moved) deps.credentials.giveUp(token);
      throw moved ?? rejectedTokenError(entry.name, proof);
    }
    if (proof.kind === 'unanswered') {
      deps.log.warn({ server: entry.name, reason: proof.reason }, 'logged in, but the server does not answer now');
    }
    await lease.finish();
    await road.answer(successPage(entry.name, exchanged.account));
  } catch (error) {
    const failure = asLoginFailure(entry.name, signal.aborted ? signal.reason : error);
    if (failure instanceof LoginAbandonedError) await lease.abandon(failure);
    else await lease.fail(failure, gaveTokens || road.clientIsKnown());
    await road.answer(failurePage(entry.name, failure.message, failure.hint));
    throw failure;
  } finally {
    await road.release();
  }
}

/** A key of its own for every login, where the server or the config wants its tokens bound to one (RFC 9449). */
async function dpopOf(deps: LoginDeps, input: LoginInput, discovery: Discovery): Promise<DpopKey | undefined> {
  const { entry, settings, challenge } = input;
  const wanted = settings.dpop || challenge.dpop === true || discovery.dpopRequired === true;
  return wanted ? await createDpopKey(entry.name, discovery.as, deps.now) : undefined;
}

/** A step-up asks for what is granted and what is missing; every other login starts from nothing. */
function scopeToAsk(
  { challenge, settings }: { challenge: AuthChallenge; settings: LoginInput['settings'] },
  { as, issuer, scopesSupported }: Discovery,
  saved: LoginRecord | undefined,
): string | undefined {
  const isStepUp = challenge.error === 'insufficient_scope' && saved?.issuer === issuer;
  const alreadyGranted = isStepUp ? saved?.tokens?.scope : undefined;
  return chooseScope({ settings, challenge, scopesSupported, as, alreadyGranted });
}

function asLoginFailure(server: string, error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  return new GatewayError('AUTH_FAILED', `the login to server '${server}' failed: ${errorText(error).slice(0, 200)}`, {
    server,
    hint: `portico login ${server}`,
    cause: error,
  });
}
