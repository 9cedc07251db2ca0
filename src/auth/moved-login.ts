// Owns what people and programs are told of a login that moves; pure, and never a secret.
import type { HttpServerEntry } from '../config/server-entry.ts';
import type { GatewayError } from '../errors.ts';
import type { ImportOutcome } from './import-logins.ts';
import { loginKey } from './server-key.ts';
import type { LoginRecord } from './token-store.ts';

export interface ToldLogin {
  /** Names in the config; none: no server of the config uses it. */
  readonly servers: readonly string[];
  readonly server_url: string;
  readonly profile: string | null;
  readonly account: string | null;
  /** It has a refresh token, which one machine alone may use. */
  readonly renews_itself: boolean;
}

export type MovedLogin =
  | {
      readonly outcome: ImportOutcome;
      readonly login: ToldLogin;
      /** What to remove in the place it was taken from. */
      readonly remains: readonly string[];
    }
  | { readonly outcome: 'failed'; readonly servers: readonly string[]; readonly error: GatewayError };

export function tellLogin(record: LoginRecord, entries: readonly HttpServerEntry[]): ToldLogin {
  const key = loginKey(record.server_url, record.profile);
  return {
    servers: entries.filter((entry) => loginKey(entry.url, entry.profile) === key).map(({ name }) => name),
    server_url: record.server_url,
    profile: record.profile ?? null,
    account: record.account ?? null,
    renews_itself: record.tokens?.refresh_token !== undefined,
  };
}
