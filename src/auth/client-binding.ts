// Owns the binding of a client that was registered by hand to the authorization server it was used at: its secret is shown
// to no other because the MCP server names one (MCP 2026-07-28, client registration: authorization server binding). Pure.
import type { OAuthSettings } from '../config/server-entry.ts';
import { GatewayError } from '../errors.ts';
import { quoteForeign } from './answer.ts';
import type { LoginRecord } from './token-store.ts';

export interface Binding {
  readonly settings: OAuthSettings;
  /** Of the authorization server that was found now. */
  readonly issuer: string;
  readonly saved: LoginRecord | undefined;
}

/** Where the config pins an issuer, that very one was found, and the human has said that the client is known there. */
export function belongsElsewhere({ settings, issuer, saved }: Binding): boolean {
  if (settings.clientId === undefined || settings.issuer !== undefined) return false;
  return saved !== undefined && saved.client.client_id === settings.clientId && saved.issuer !== issuer;
}

/** @throws GatewayError AUTH_FAILED the client of the config was used at another authorization server */
export function requireBinding(server: string, binding: Binding): void {
  if (!belongsElsewhere(binding)) return;
  const { issuer, saved } = binding;
  throw new GatewayError(
    'AUTH_FAILED',
    `server '${server}' names the authorization server ${quoteForeign(issuer)} now; oauth.clientId was used at ${quoteForeign(saved?.issuer ?? '')}, and nothing of it was sent`,
    {
      server,
      hint: `If you trust the new one and the app is registered there, set oauth.issuer to ${quoteForeign(issuer)}; else set oauth.clientId to an app that is.`,
    },
  );
}
