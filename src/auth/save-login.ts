// Owns what a finished login leaves behind: its record, in the store and in the credentials of this process.
import type { HttpServerEntry } from '../config/server-entry.ts';
import { errorText } from '../errors.ts';
import type { LogPort } from '../lib/log-port.ts';
import type { Credentials } from './credentials.ts';
import type { Discovery } from './discover.ts';
import type { Exchanged } from './exchange-code.ts';
import { nextUpdatedAt, recordVersion } from './login-record.ts';
import type { LoginRecord, TokenStore } from './token-store.ts';

export interface FinishedLogin {
  readonly entry: HttpServerEntry;
  readonly discovery: Discovery;
  readonly exchanged: Exchanged;
}

/** Everything that using and refreshing the login needs. `now`: epoch ms. */
export function recordOf(
  { entry, discovery, exchanged }: FinishedLogin,
  { before, now }: { readonly before: LoginRecord | undefined; readonly now: number },
): LoginRecord {
  return {
    version: recordVersion,
    server_url: entry.url,
    ...(entry.profile !== undefined && { profile: entry.profile }),
    ...(discovery.resource !== undefined && { resource: discovery.resource }),
    issuer: discovery.issuer,
    token_endpoint: discovery.as.token_endpoint ?? '',
    ...(discovery.as.revocation_endpoint !== undefined && { revocation_endpoint: discovery.as.revocation_endpoint }),
    client: exchanged.client,
    tokens: exchanged.tokens,
    ...(exchanged.dpop && { dpop_key: exchanged.dpop.saved }),
    ...(exchanged.account !== undefined && { account: exchanged.account }),
    updated_at: nextUpdatedAt(before, now),
  };
}

/** A login that cannot be saved is used all the same, until this process ends. */
export async function saveLogin(
  deps: {
    readonly store: TokenStore;
    readonly credentials: Credentials;
    readonly now: () => number;
    readonly log: LogPort;
  },
  login: FinishedLogin & { readonly key: string },
): Promise<void> {
  const { store, credentials, now, log } = deps;
  try {
    await store.withLock(login.key, async () => {
      const record = recordOf(login, { before: await store.read(login.key), now: now() });
      await store.write(login.key, record);
      credentials.accept(record, true);
    });
  } catch (error) {
    log.warn(
      { server: login.entry.name, error: errorText(error) },
      'the login could not be saved: it lasts as long as this process',
    );
    credentials.accept(recordOf(login, { before: undefined, now: now() }), false);
  }
}
