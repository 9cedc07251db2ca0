// Owns what the two roads of a human's login have in common: what they start from, and what they offer the story.
import type { HttpServerEntry, OAuthSettings } from '../config/server-entry.ts';
import type { AuthChallenge } from '../errors.ts';
import type { FetchLike } from '../lib/fetch-like.ts';
import type { LogPort } from '../lib/log-port.ts';
import type { Sleep } from '../lib/sleep.ts';
import type { CallbackServer } from './callback-server.ts';
import type { Credentials } from './credentials.ts';
import type { Discovery } from './discover.ts';
import type { DpopKey } from './dpop.ts';
import type { Exchanged } from './exchange-code.ts';
import type { LoginLease } from './login-lease.ts';
import type { LoginPage } from './login-page.ts';
import type { LoginRecord, SavedClient, TokenStore } from './token-store.ts';

export interface LoginDeps {
  readonly fetch: FetchLike;
  readonly store: TokenStore;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly sleep: Sleep;
  readonly log: LogPort;
  readonly callbacks: CallbackServer;
  readonly credentials: Credentials;
}

export interface LoginInput {
  readonly entry: HttpServerEntry;
  readonly settings: OAuthSettings;
  readonly key: string;
  readonly challenge: AuthChallenge;
  /** The status of the server's answer to a request without a token, where that was no 401. */
  readonly withoutLogin?: number | undefined;
  readonly lease: LoginLease;
  /** A registration that the last login used and did not finish with: the human may have seen it refused. */
  readonly distrustedClientId?: string | undefined;
  /**
   * Where a login before this one, which was not finished, took its callback: who comes back from its page late is told
   * so there, where the port is free.
   */
  readonly earlierCallbackUrl?: string | undefined;
  /** Register anew whatever is saved. */
  readonly freshClient: boolean;
  /** No browser can be opened for the human, who is at another machine. */
  readonly headless: boolean;
  readonly expiresAt: number;
  /** Aborted with the reason that ends the login. */
  readonly signal: AbortSignal;
}

/** What is known before a road is taken. */
export interface Departure {
  readonly discovery: Discovery;
  readonly saved: LoginRecord | undefined;
  readonly scope: string | undefined;
  /** The key that the tokens will be bound to (RFC 9449); absent: bearer tokens. */
  readonly dpop: DpopKey | undefined;
}

/** A login that waits for its human. */
export interface LoginRoad {
  /** What the human opens; may change while the login is open. */
  readonly loginUrl: string;
  /** How long the human has for opening it, where that is shorter than the login. Milliseconds. */
  readonly urlHoldsMs?: number;
  /** What the human enters there, or compares with what is shown. */
  readonly userCode?: string;
  /** Where a callback can be handed in from another process on this machine. */
  readonly callbackUrl?: string;
  readonly client: SavedClient;
  /** When the human can no longer finish it, epoch milliseconds. */
  readonly expiresAt: number;
  /** Hands in a pasted callback; false where its state is not this login's. @throws GatewayError INVALID_ARGUMENTS */
  deliver(parameters: URLSearchParams): boolean;
  /** Waits for the human, then for the tokens. @throws GatewayError AUTH_FAILED; the reason of the login's signal */
  obtain(): Promise<Exchanged>;
  /** Whether the authorization server showed that it knows the client, although the login failed. */
  clientIsKnown(): boolean;
  /** Tells the browser that brought the end of the login, where there was one. */
  answer(page: LoginPage): Promise<void>;
  release(): Promise<void>;
}
