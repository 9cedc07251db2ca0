// Owns what the use cases need of logins, by server name; compose.ts plugs the authenticator in.
import type { AuthChallenge } from '../errors.ts';

export interface LoginAttempt {
  /** Absent when the login turned out to be there already. */
  readonly loginUrl?: string;
  /** Epoch milliseconds after which this login is given up. */
  readonly expiresAt: number;
  readonly browserOpened: boolean;
  /** Settles with the login. @throws GatewayError AUTH_FAILED */
  readonly done: Promise<void>;
}

export type LoginStatus =
  | { readonly kind: 'off' }
  | { readonly kind: 'none' }
  | { readonly kind: 'pending'; readonly loginUrl: string; readonly expiresAt: number }
  | {
      readonly kind: 'logged_in';
      readonly account?: string;
      readonly scope?: string;
      /** Epoch milliseconds. */
      readonly expiresAt?: number;
      readonly canRefresh: boolean;
    };

export interface LoginRequest {
  readonly challenge?: AuthChallenge;
  readonly openBrowser: boolean;
  readonly restart?: boolean;
  readonly signal?: AbortSignal;
}

export interface LoginPort {
  /** Starts a login or joins the open one; resolves as soon as there is a URL to show. */
  login(server: string, request: LoginRequest): Promise<LoginAttempt>;
  /** Completes the open login with the URL the browser ended up at. */
  finish(server: string, callbackUrl: string): Promise<void>;
  status(server: string): Promise<LoginStatus>;
}
