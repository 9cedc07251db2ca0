// Owns which client a login uses: configured, registered before, or registered now. Registers by register.ts alone.
import type { HttpServerEntry, OAuthSettings } from '../config/server-entry.ts';
import type { FetchLike } from '../lib/fetch-like.ts';
import { requireBinding } from './client-binding.ts';
import { configuredClient } from './configured-client.ts';
import type { Discovery } from './discover.ts';
import { register } from './register.ts';
import type { LoginRecord, SavedClient } from './token-store.ts';

export interface ClientWishes {
  readonly entry: HttpServerEntry;
  readonly settings: OAuthSettings;
  /** A registration that the last login used and did not finish with: the human may have seen it refused. */
  readonly distrustedClientId?: string | undefined;
  /** Register anew whatever is saved. */
  readonly freshClient: boolean;
  readonly signal: AbortSignal;
}

/**
 * The configured client, else the metadata document where the server takes those, else the saved registration while it
 * can be trusted, else a new one. @throws GatewayError AUTH_FAILED
 */
export async function chooseClient(
  deps: { readonly fetch: FetchLike; readonly now: () => number },
  input: ClientWishes,
  found: {
    readonly discovery: Discovery;
    readonly saved: LoginRecord | undefined;
    readonly redirectUri: string;
    /** Besides the authorization code, what the client has to be registered for. */
    readonly grantTypes?: readonly string[] | undefined;
  },
): Promise<SavedClient> {
  const { entry, settings, signal } = input;
  const { discovery, saved, redirectUri, grantTypes } = found;
  requireBinding(entry.name, { settings, issuer: discovery.issuer, saved });
  const configured = configuredClient(settings, discovery, redirectUri);
  if (configured && settings.clientId !== undefined) return configured;
  const registration = trustedRegistration(input, found, deps.now());
  const refused = configured && isRefused(configured.client_id, input, { discovery, registration });
  if (configured && !refused) return configured;
  if (registration) return registration;
  const client = await register(deps, { server: entry.name, discovery, redirectUri, settings, grantTypes, signal });
  return configured ? { ...client, refused_document: configured.client_id } : client;
}

/**
 * A metadata document that the authorization server did not take leaves registration as the other way in. That it did not
 * is known from the last login, which nobody finished, or from the registration that was made in its place. Where nobody
 * may register, the document is all there is, and the human may have closed the page for another reason.
 */
function isRefused(
  document: string,
  { distrustedClientId }: ClientWishes,
  { discovery, registration }: { discovery: Discovery; registration: SavedClient | undefined },
): boolean {
  if (registration?.refused_document === document) return true;
  return document === distrustedClientId && discovery.as.registration_endpoint !== undefined;
}

/** The saved registration, where it is of this very issuer (RFC 8414 section 3.3) and everything about it still holds. */
function trustedRegistration(
  { settings, freshClient, distrustedClientId }: ClientWishes,
  { discovery, saved, redirectUri, grantTypes = [] }: Parameters<typeof chooseClient>[2],
  now: number,
): SavedClient | undefined {
  const client = saved?.issuer === discovery.issuer ? saved.client : undefined;
  if (client?.registered_at === undefined || freshClient || client.client_id === distrustedClientId) return undefined;
  const mayGrant = grantTypes.every((grant) => client.grant_types?.includes(grant) ?? true);
  const reaches = reachesUs(client.redirect_uri, redirectUri, settings);
  return mayGrant && reaches && !secretExpired(client, now) ? client : undefined;
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
