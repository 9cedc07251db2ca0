// Owns turning a login that another program saved into one of ours: what its files lack is asked of the server. Knows
// nothing of those files.
import type { HttpServerEntry } from '../config/server-entry.ts';
import { GatewayError } from '../errors.ts';
import type { FetchLike } from '../lib/fetch-like.ts';
import { numberMember, quoteForeign, stringMember, stringsMember } from './answer.ts';
import { listedSecretMethods } from './client-auth.ts';
import { configuredClient } from './configured-client.ts';
import type { Discovery } from './discover.ts';
import { discover } from './discover.ts';
import { recordVersion } from './login-record.ts';
import { probeServer } from './probe-server.ts';
import { isExpired } from './token-lifetime.ts';
import { judgeTokenAnswer } from './token-response.ts';
import type { LoginRecord, SavedClient, SavedTokens, TokenEndpointAuthMethod } from './token-store.ts';

export type Members = Readonly<Record<string, unknown>>;

export interface ForeignLogin {
  /** What the token endpoint answered (RFC 6749 section 5.1), as it was saved. */
  readonly tokens: Members;
  /** What the registration answered (RFC 7591 section 3.2.1); absent: the client was named by hand there. */
  readonly client?: Members | undefined;
  /** Who gave the tokens, where that was noted. */
  readonly issuer?: string | undefined;
  /** When the tokens were saved, epoch milliseconds. */
  readonly savedAt: number;
  /** What to remove there, so that nobody refreshes it twice. */
  readonly remains: readonly string[];
}

/** @throws GatewayError AUTH_FAILED, SERVER_UNAVAILABLE: that login cannot be taken over, at least not now */
export async function completeForeignLogin(
  deps: { readonly fetch: FetchLike; readonly now: () => number },
  input: { readonly entry: HttpServerEntry; readonly found: ForeignLogin; readonly signal?: AbortSignal | undefined },
): Promise<LoginRecord> {
  const { entry, found, signal } = input;
  const { name: server, oauth: settings } = entry;
  if (settings === false) throw new GatewayError('AUTH_FAILED', `server '${server}' is configured without OAuth`);
  const probe = await probeServer(deps, { entry, signal });
  const challenge = probe.kind === 'answered' && probe.status === 401 ? probe.challenge : {};
  const { url: serverUrl, headers } = entry;
  const discovery = await discover(deps, { server, serverUrl, headers, challenge, settings, signal });
  const verdict = judgeForeignLogin(found, { entry, discovery, now: deps.now() });
  if (verdict.kind === 'record') return verdict.record;
  throw new GatewayError('AUTH_FAILED', `server '${server}': ${verdict.reason}`, { server, hint: verdict.hint });
}

export type ForeignVerdict =
  | { readonly kind: 'record'; readonly record: LoginRecord }
  | { readonly kind: 'unusable'; readonly reason: string; readonly hint: string };

/** Pure. `now`: epoch ms. */
export function judgeForeignLogin(
  found: ForeignLogin,
  { entry, discovery, now }: { readonly entry: HttpServerEntry; readonly discovery: Discovery; readonly now: number },
): ForeignVerdict {
  const unusable = (reason: string, hint = `portico login ${entry.name}`): ForeignVerdict => ({
    kind: 'unusable',
    reason,
    hint,
  });
  const answer = { status: 200, text: '', json: found.tokens };
  const verdict = judgeTokenAnswer(answer, { now: found.savedAt });
  if (verdict.kind !== 'tokens') {
    return unusable(`the saved tokens cannot be used (${verdict.kind === 'unusable' ? verdict.reason : 'an error'})`);
  }
  const tokens = datedTokens(verdict.tokens, found.tokens);
  if (tokens.refresh_token === undefined && isExpired(tokens, now)) {
    return unusable('the saved token has expired, and there is no refresh token');
  }
  // What one authorization server gave is sent to no other (RFC 9700 section 2.1).
  if (found.issuer !== undefined && trimmed(found.issuer) !== trimmed(discovery.issuer)) {
    return unusable(`the login is of ${quoteForeign(found.issuer)}, and the server names ${discovery.issuer} now`);
  }
  const client = clientOf(found, entry, discovery);
  if (!client) {
    const hint = 'Set oauth.clientId (and oauth.clientSecret) to the client that it was made with, and import again.';
    return unusable('the cache does not say which client the login was made with', hint);
  }
  const { label, subject } = verdict.clues;
  const account = label ?? subject;
  return {
    kind: 'record',
    record: {
      version: recordVersion,
      server_url: entry.url,
      ...(entry.profile !== undefined && { profile: entry.profile }),
      ...(discovery.resource !== undefined && { resource: discovery.resource }),
      issuer: discovery.issuer,
      token_endpoint: discovery.as.token_endpoint ?? '',
      ...(discovery.as.revocation_endpoint !== undefined && { revocation_endpoint: discovery.as.revocation_endpoint }),
      client,
      tokens,
      ...(account !== undefined && { account }),
      // As old as the tokens are: a login of our own that is newer stays.
      updated_at: Math.floor(found.savedAt / 1000),
    },
  };
}

/** Above this a time is in milliseconds: in seconds it would be the year 5138. */
const maxEpochSeconds = 1e11;

/** The end that was noted when the tokens came; `expires_in` counts from a save that may have been later. */
function datedTokens(tokens: SavedTokens, saved: Members): SavedTokens {
  const noted = numberMember(saved, 'expires_at') ?? numberMember(saved, 'expiresAt');
  if (noted === undefined) return tokens;
  const expiresAt = Math.floor(noted > maxEpochSeconds ? noted / 1000 : noted);
  const lifetime = numberMember(saved, 'expires_in');
  const issuedAt = lifetime === undefined ? tokens.issued_at : expiresAt - Math.floor(lifetime);
  return { ...tokens, expires_at: expiresAt, ...(issuedAt !== undefined && { issued_at: issuedAt }) };
}

/** The client that the tokens were given to, and no other (RFC 6749 section 6). */
function clientOf(found: ForeignLogin, entry: HttpServerEntry, discovery: Discovery): SavedClient | undefined {
  const { client, savedAt } = found;
  const clientId = stringMember(client, 'client_id');
  if (clientId === undefined) {
    if (entry.oauth === false || entry.oauth.clientId === undefined) return undefined;
    const configured = configuredClient(entry.oauth, discovery, '');
    if (!configured) return undefined;
    const { redirect_uri: _none, ...rest } = configured;
    return rest;
  }
  const secret = stringMember(client, 'client_secret');
  const secretExpiresAt = numberMember(client, 'client_secret_expires_at');
  const [redirectUri] = stringsMember(client, 'redirect_uris') ?? [];
  const grantTypes = stringsMember(client, 'grant_types');
  return {
    client_id: clientId,
    ...(secret !== undefined && { client_secret: secret }),
    ...(secretExpiresAt !== undefined && { client_secret_expires_at: secretExpiresAt }),
    token_endpoint_auth_method: methodOf(client, secret, discovery),
    ...(redirectUri !== undefined && { redirect_uri: redirectUri }),
    // It was registered, so that one that is refused is replaced by a new registration.
    registered_at: numberMember(client, 'client_id_issued_at') ?? Math.floor(savedAt / 1000),
    ...(grantTypes && { grant_types: grantTypes }),
  };
}

function methodOf(client: Members | undefined, secret: string | undefined, { as }: Discovery): TokenEndpointAuthMethod {
  const named = stringMember(client, 'token_endpoint_auth_method');
  if (secret === undefined || named === 'none') return 'none';
  if (named === 'client_secret_basic' || named === 'client_secret_post') return named;
  return listedSecretMethods(as)[0] ?? 'client_secret_post';
}

/** URLs that went through a parser end in a slash where they have no path. */
function trimmed(issuer: string): string {
  return issuer.replace(/\/$/, '');
}
