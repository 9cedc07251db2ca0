// Owns what is asked of the tokens of one login; stored-credentials.ts and machine-credentials.ts answer it.
import type { AuthChallenge } from '../errors.ts';
import type { DpopKey } from './dpop.ts';
import type { LoginRecord } from './token-store.ts';

export interface Waiting {
  /** What the server said to the request that failed. */
  readonly challenge?: AuthChallenge | undefined;
  /** Ends the waiting of this caller; a refresh that others may wait for goes on. */
  readonly signal?: AbortSignal | undefined;
}

export interface Credentials {
  /**
   * A token to send; undefined: there is none that could be accepted. Refreshed first where that is due.
   * @throws GatewayError SERVER_UNAVAILABLE the token expired and the authorization server gives no verdict
   */
  token(options?: Waiting): Promise<string | undefined>;
  /**
   * Another token than the rejected one (undefined: none was sent). Undefined: a human must log in.
   * @throws GatewayError SERVER_UNAVAILABLE
   */
  renew(rejected: string | undefined, options?: Waiting): Promise<string | undefined>;
  /** The key that a token of `token` or `renew` is bound to (RFC 9449); undefined: a bearer token. */
  keyOf(token: string): DpopKey | undefined;
  /** The token had just been refreshed and was rejected all the same: refreshing again cannot help. */
  giveUp(token: string): void;
  /**
   * Only where a grant needs no human: asks for new tokens, whatever there is.
   * @throws GatewayError AUTH_FAILED, SERVER_UNAVAILABLE, CONFIG_INVALID
   */
  obtain?(options?: Waiting): Promise<void>;
  /** Takes the record of a login that just finished; `saved`: the store holds it too. */
  accept(record: LoginRecord, saved: boolean): void;
  /** Why what is in use could not be saved; undefined: it is saved. */
  unsaved(): string | undefined;
  /** The login was deleted. */
  forget(): void;
}
