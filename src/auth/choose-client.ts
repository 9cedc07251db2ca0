// Owns which client a login uses: configured, registered before, or registered now. Registers by register.ts alone.
import type { HttpServerEntry, OAuthSettings } from '../config/server-entry.ts';
import type { FetchLike } from '../lib/fetch-like.ts';
import type { Discovery } from './discover.ts';
import { configuredClient, register } from './register.ts';
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

/** Configured client, else the saved registration while it can be trusted, else a new one. @throws GatewayError AUTH_FAILED */
export async function chooseClient(
  deps: { readonly fetch: FetchLike; readonly now: () => number },
  input: ClientWishes,
  found: {
    readonly discovery: Discovery;
    readonly saved: LoginRecord | undefined;
    readonly redirectUri: string;
    /** Besides the authorization code, where a new client has to be registered. */
    readonly grantTypes?: readonly string[] | undefined;
  },
): Promise<SavedClient> {
  const { entry, settings, signal } = input;
  const { discovery, saved, redirectUri, grantTypes } = found;
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
  return await register(deps, { server: entry.name, discovery, redirectUri, settings, grantTypes, signal });
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
