// Owns what the use cases need of logins, by server name; compose.ts plugs the authenticator in.
import type { LoginAttempt, LoginStatus } from '../auth/authenticator.ts';
import type { AuthChallenge } from '../errors.ts';

export interface LoginRequest {
  readonly challenge?: AuthChallenge;
  readonly openBrowser: boolean;
  /** The human said that there is no browser here. */
  readonly headless?: boolean;
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
