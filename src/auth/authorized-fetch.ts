// Owns "a fetch that is logged in": adds the token, answers 401 and 403. Never waits for a human, knows nothing of MCP.
import type { HttpServerEntry } from '../config/server-entry.ts';
import type { AuthChallenge } from '../errors.ts';
import { GatewayError, LoginRequiredError } from '../errors.ts';
import type { FetchLike } from '../lib/fetch-like.ts';
import { quoteForeign } from './answer.ts';
import { bearerChallenge } from './challenge.ts';
import type { Credentials } from './credentials.ts';
import type { DpopKey } from './dpop.ts';
import { dpopFetch } from './dpop.ts';

export interface AuthorizedFetchDeps {
  readonly fetch: FetchLike;
  readonly credentials: Credentials;
}

const maxRedirects = 3;

/**
 * Only requests to the server's own origin get the token and the static headers. A request is repeated after a 401 and
 * for no other reason: it was not accepted, so it cannot have run. Bodies must be strings.
 * @throws LoginRequiredError a human must log in, or grant more
 * @throws GatewayError AUTH_FAILED a static header was rejected; SERVER_UNAVAILABLE the authorization server is away, or
 *   the server redirects elsewhere
 */
export function createAuthorizedFetch(deps: AuthorizedFetchDeps, entry: HttpServerEntry): FetchLike {
  const { fetch, credentials } = deps;
  const { origin } = new URL(entry.url);
  return async (url, init = {}) => {
    if (new URL(url).origin !== origin) return await fetch(url, init);
    const send = (token: string | undefined): Promise<Response> => {
      const dpop = token === undefined ? undefined : credentials.keyOf(token);
      return sendToServer(
        dpop ? dpopFetch(fetch, dpop, token) : fetch,
        entry,
        url,
        init,
        token && presented(token, dpop),
      );
    };
    if (entry.oauth === false) {
      const response = await send(undefined);
      if (response.status === 401) throw await headerRejected(entry, response);
      return response;
    }
    const waiting = { signal: init.signal ?? undefined };
    const token = await credentials.token(waiting);
    const response = await send(token);
    if (response.status !== 401) return await withScope(entry, response);
    const challenge = await readChallenge(response);
    const renewed = await credentials.renew(token, { ...waiting, challenge });
    if (renewed === undefined) {
      // Without a refresh token the rejected one stays saved: it must not pass for a login any more.
      if (token !== undefined) credentials.giveUp(token);
      throw new LoginRequiredError(entry.name, challenge);
    }
    const replay = await send(renewed);
    if (replay.status !== 401) return await withScope(entry, replay);
    credentials.giveUp(renewed);
    throw new LoginRequiredError(entry.name, await readChallenge(replay));
  };
}

/** RFC 6750 section 3.1: a 403 that asks for more scope is a matter of login; every other 403 is the server's own answer. */
async function withScope(entry: HttpServerEntry, response: Response): Promise<Response> {
  if (response.status !== 403) return response;
  const challenge = bearerChallenge(response);
  if (challenge.error !== 'insufficient_scope') return response;
  await response.body?.cancel();
  const scope = challenge.scope === undefined ? 'more scope' : `the scope ${quoteForeign(challenge.scope)}`;
  throw new LoginRequiredError(entry.name, challenge, `server '${entry.name}' needs a login that grants ${scope}`);
}

async function readChallenge(response: Response): Promise<AuthChallenge> {
  const challenge = bearerChallenge(response);
  await response.body?.cancel();
  return challenge;
}

/** RFC 6750 section 2.1, RFC 9449 section 7.1. */
function presented(token: string, dpop: DpopKey | undefined): string {
  return `${dpop ? 'DPoP' : 'Bearer'} ${token}`;
}

async function sendToServer(
  fetch: FetchLike,
  entry: HttpServerEntry,
  url: string | URL,
  init: RequestInit,
  authorization: string | undefined,
): Promise<Response> {
  const headers = new Headers(init.headers);
  for (const [name, value] of Object.entries(entry.headers)) {
    // What the transport says about this very request (Accept, Content-Type, session) goes before the config.
    if (!headers.has(name)) headers.set(name, value);
  }
  if (authorization !== undefined) headers.set('authorization', authorization);
  let target = new URL(url);
  let request: RequestInit = { ...init, headers: Object.fromEntries(headers), redirect: 'manual' };
  for (let redirects = 0; ; redirects++) {
    const response = await fetch(target.href, request);
    const location = response.headers.get('location');
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return response;
    await response.body?.cancel();
    const next = URL.canParse(location, target.href) ? new URL(location, target) : undefined;
    if (next?.origin !== target.origin || redirects >= maxRedirects) throw redirected(entry, response.status, location);
    target = next;
    // RFC 9110 section 15.4.4. A moved POST endpoint (301, 302) is asked with the same POST: a GET means something else in MCP.
    if (response.status === 303) {
      const { body: _body, ...rest } = request;
      request = { ...rest, method: 'GET' };
    }
  }
}

function redirected(entry: HttpServerEntry, status: number, location: string): GatewayError {
  return new GatewayError(
    'SERVER_UNAVAILABLE',
    `server '${entry.name}' answers ${status}, a redirect to ${quoteForeign(location)}; headers and tokens are not carried there`,
    { server: entry.name, hint: 'If that is the right address, write it as the url of this server.' },
  );
}

async function headerRejected(entry: HttpServerEntry, response: Response): Promise<GatewayError> {
  await response.body?.cancel();
  const names = Object.keys(entry.headers).map((name) => name.toLowerCase());
  const details = { server: entry.name };
  return names.includes('authorization')
    ? new GatewayError('AUTH_FAILED', `server '${entry.name}' rejects the Authorization header of its config (401)`, {
        ...details,
        hint: 'Is the token still valid, and is the variable it comes from set and not empty?',
      })
    : new GatewayError('AUTH_FAILED', `server '${entry.name}' wants a login (401), and its config says oauth: false`, {
        ...details,
        hint: 'Set an Authorization header, or take oauth: false away.',
      });
}
