// Owns the shape of a saved login and the interface of whatever keeps it; knows nothing of files or of HTTP.

import type { LockOptions } from '../lib/file-lock.ts';

/** How the client makes itself known at the token endpoint (RFC 7591 section 2). */
export type TokenEndpointAuthMethod = 'none' | 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt';

/** A private JWK (RFC 7517), `alg` included. */
export type SavedKey = Readonly<Record<string, unknown>>;

export interface SavedClient {
  readonly client_id: string;
  readonly client_secret?: string;
  /** Epoch seconds; 0 or absent: never (RFC 7591 section 3.2.1). */
  readonly client_secret_expires_at?: number;
  readonly token_endpoint_auth_method: TokenEndpointAuthMethod;
  /** The key that was registered, where the method is `private_key_jwt` and the config names none. */
  readonly private_key?: SavedKey;
  /** Byte for byte what was registered. */
  readonly redirect_uri?: string;
  /** Epoch seconds. Absent: the client comes from the config and was not registered by us. */
  readonly registered_at?: number;
  /** What it was registered for (RFC 7591 section 2); absent: nobody noted it. */
  readonly grant_types?: readonly string[];
  /** The Client ID Metadata Document that the server did not take before this was registered. */
  readonly refused_document?: string;
}

export interface SavedTokens {
  readonly access_token: string;
  readonly refresh_token?: string;
  readonly token_type: string;
  /** The granted scope, space separated. */
  readonly scope?: string;
  /** Epoch seconds; absent: the server did not say. */
  readonly expires_at?: number;
  /** Epoch seconds: with `expires_at` it gives the lifetime. */
  readonly issued_at?: number;
}

/**
 * One login: everything that using and refreshing it on another machine needs. Members that a newer version wrote
 * and this one does not know are kept when the record is saved again.
 */
export interface LoginRecord {
  readonly version: number;
  readonly server_url: string;
  readonly profile?: string;
  /** What is sent as `resource` (RFC 8707); absent: none is sent. */
  readonly resource?: string;
  readonly issuer: string;
  readonly token_endpoint: string;
  readonly revocation_endpoint?: string;
  readonly client: SavedClient;
  /** Absent: the registration is kept, the login is gone. */
  readonly tokens?: SavedTokens;
  /** The key that the tokens are bound to, where their type is `DPoP` (RFC 9449). */
  readonly dpop_key?: SavedKey;
  readonly account?: string;
  /** Epoch seconds, grows with every save. */
  readonly updated_at: number;
}

/** Keeps one record per key. Every implementation passes the same contract tests. */
export interface TokenStore {
  /** @throws GatewayError CONFIG_INVALID where a record exists and cannot be read: never an empty login. */
  read(key: string): Promise<LoginRecord | undefined>;
  write(key: string, record: LoginRecord): Promise<void>;
  delete(key: string): Promise<void>;
  /**
   * Runs `work` while no other holder, in any process on this store, is inside for the same key.
   * @throws LockHeldError where another process was inside for longer than `limitMs`
   */
  withLock<T>(key: string, work: () => Promise<T>, options?: LockOptions): Promise<T>;
}
