// Owns what leaves with an export: which saved logins, read anew when they are sealed, and deleted afterwards where they
// are to move. Knows nothing of files.
import { GatewayError } from '../errors.ts';
import type { Secret } from '../lib/secret.ts';
import { sealArchive } from './login-archive.ts';
import { sameLogin } from './login-record.ts';
import type { LoginRecord, TokenStore } from './token-store.ts';

export interface LoginExport {
  /** In the order of the keys that were asked for. */
  readonly logins: readonly ExportedLogin[];
  /** What is there and cannot be read, by key. */
  readonly unreadable: ReadonlyMap<string, GatewayError>;
  seal(passphrase: Secret): Promise<string>;
  /** Deletes what was sealed, without revoking it. One that cannot be deleted keeps no other from going. */
  forget(): Promise<readonly KeptLogin[]>;
}

/** A login that is still here. */
export interface KeptLogin {
  readonly key: string;
  /** `renewed`: since it was sealed. */
  readonly reason: 'renewed' | GatewayError;
}

export interface ExportedLogin {
  readonly key: string;
  readonly record: LoginRecord;
}

/** Keys without a login are left out. */
export async function openExport(store: TokenStore, keys: readonly string[]): Promise<LoginExport> {
  const unreadable = new Map<string, GatewayError>();
  const read = async (key: string): Promise<ExportedLogin[]> => {
    try {
      const record = await store.read(key);
      return record?.tokens ? [{ key, record }] : [];
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      unreadable.set(key, error);
      return [];
    }
  };
  let logins = (await Promise.all(keys.map(read))).flat();
  return {
    get logins() {
      return logins;
    },
    unreadable,
    async seal(passphrase) {
      // A human may have taken a while with the passphrase, and a gateway may have refreshed meanwhile.
      logins = (await Promise.all(logins.map(async (one) => (await read(one.key))[0] ?? one))).flat();
      return await sealArchive(
        logins.map(({ record }) => record),
        passphrase,
      );
    },
    async forget() {
      const kept: KeptLogin[] = [];
      for (const login of logins) {
        const reason = await forgetOne(store, login);
        if (reason !== undefined) kept.push({ key: login.key, reason });
      }
      return kept;
    },
  };
}

/** Why it stays; undefined: it is gone. */
async function forgetOne(store: TokenStore, { key, record }: ExportedLogin): Promise<KeptLogin['reason'] | undefined> {
  try {
    return await store.withLock(key, async () => {
      const now = await store.read(key);
      if (now && sameLogin(now, record)) await store.delete(key);
      else if (now?.tokens) return 'renewed';
      return undefined;
    });
  } catch (error) {
    if (error instanceof GatewayError) return error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'an error';
    return new GatewayError('CONFIG_INVALID', `the login cannot be deleted here (${code})`, { cause: error });
  }
}
