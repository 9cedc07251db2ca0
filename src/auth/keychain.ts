// Owns a key that the keychain of the system holds: made at its first use, read ever after. The package for it is
// optional and loaded here alone. Knows nothing of logins.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { errorText, GatewayError } from '../errors.ts';
import type { FileLock } from '../lib/file-lock.ts';
import { orAborted } from '../lib/or-aborted.ts';
import { quoteForeign } from './answer.ts';
import { parseTokenKey, type TokenKey, tokenKeyBytes } from './token-key.ts';

/** One entry of a keychain. Rejects where the keychain is locked, denied or away: that is never an empty entry. */
export interface KeychainEntry {
  read(): Promise<string | undefined>;
  write(text: string): Promise<void>;
}

/** @throws GatewayError CONFIG_INVALID where the package for it is not there */
export type OpenKeychain = (account: string) => Promise<KeychainEntry>;

const packageName = '@napi-rs/keyring';
const service = 'portico';
/** So long a human may take to unlock the keychain. */
const limitMs = 60_000;

/** `dataDirectory`: the same for all processes of this user. @throws GatewayError CONFIG_INVALID */
export async function keyFromKeychain(
  deps: { readonly open: OpenKeychain; readonly lock: FileLock },
  { account, dataDirectory }: { readonly account: string; readonly dataDirectory: string },
): Promise<TokenKey> {
  const from = `the entry ${service}/${account} of the keychain (GATEWAY_TOKEN_KEY)`;
  const entry = await deps.open(account);
  const found = await asked(() => entry.read(), from);
  if (found !== undefined) return parseTokenKey(found, from);
  // Two processes that start for the first time at once must not seal their logins with two keys.
  return await oneAtATime(deps.lock, join(dataDirectory, 'keychain'), async () => {
    const meanwhile = await asked(() => entry.read(), from);
    if (meanwhile !== undefined) return parseTokenKey(meanwhile, from);
    await asked(() => entry.write(`base64:${randomBytes(tokenKeyBytes).toString('base64')}`), from);
    // What the keychain keeps counts, not what was written.
    const kept = await asked(() => entry.read(), from);
    if (kept === undefined) throw unusable(from, 'it does not keep what is written');
    return parseTokenKey(kept, from);
  });
}

/** By itself the package takes the keyring of the kernel where there is no other on Linux, and that one forgets. */
const entryOptions = { linux: { store: 'secret-service' } };

export const openSystemKeychain: OpenKeychain = async (account) => {
  const { AsyncEntry } = await loadPackage();
  const open = async () => new AsyncEntry(service, account, entryOptions);
  const entry = await asked(open, 'the keychain of this system (GATEWAY_TOKEN_KEY)');
  return {
    read: async () => (await entry.getPassword()) ?? undefined,
    write: (text) => entry.setPassword(text),
  };
};

interface KeyringPackage {
  readonly AsyncEntry: new (
    service: string,
    account: string,
    options: typeof entryOptions,
  ) => { getPassword(): Promise<string | null | undefined>; setPassword(text: string): Promise<void> };
}

async function loadPackage(): Promise<KeyringPackage> {
  try {
    // Not a literal: the package need not be there when this is compiled.
    return (await import(packageName)) as KeyringPackage;
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
    const what = isMissing ? 'is not installed' : `cannot be loaded: ${quoteForeign(errorText(error))}`;
    throw new GatewayError('CONFIG_INVALID', `GATEWAY_TOKEN_KEY names the keychain, and ${packageName} ${what}`, {
      hint: `Install it beside Portico: npm install --global ${packageName}. Or keep the key in a file: GATEWAY_TOKEN_KEY_FILE.`,
      cause: error,
    });
  }
}

async function asked<T>(ask: () => Promise<T>, from: string): Promise<T> {
  try {
    return await orAborted(ask(), AbortSignal.timeout(limitMs));
  } catch (error) {
    throw unusable(from, quoteForeign(errorText(error)), error);
  }
}

function unusable(from: string, reason: string, cause?: unknown): GatewayError {
  return new GatewayError('CONFIG_INVALID', `${from} cannot be used: ${reason}`, {
    hint: 'Unlock the keychain and allow the access. Where there is none (a container, a server), keep the key in a file: GATEWAY_TOKEN_KEY_FILE.',
    cause,
  });
}

/** The lock is a help and no condition: where its directory cannot be written, the keychain alone decides. */
async function oneAtATime<T>(lock: FileLock, path: string, work: () => Promise<T>): Promise<T> {
  let entered = false;
  const enter = (): Promise<T> => {
    entered = true;
    return work();
  };
  try {
    return await lock.hold(path, enter);
  } catch (error) {
    if (entered) throw error;
    return await work();
  }
}
