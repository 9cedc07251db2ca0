// Owns where the key of the login files comes from: a variable, a file, or the keychain of the system. Knows nothing of
// what it encrypts.
import { readFile, stat } from 'node:fs/promises';
import { GatewayError } from '../errors.ts';
import type { FileLock } from '../lib/file-lock.ts';
import type { LogPort } from '../lib/log-port.ts';
import { Secret } from '../lib/secret.ts';
import type { OpenKeychain } from './keychain.ts';
import { invalidKey, parseTokenKey, type TokenKey } from './token-key.ts';

export interface TokenKeyDeps {
  readonly log: LogPort;
  readonly lock: FileLock;
  /** Default: the keychain of the system, through an optional package. */
  readonly openKeychain?: OpenKeychain | undefined;
}

/** What the environment says; undefined: the files are not encrypted. */
export type TokenKeySetting =
  | { readonly kind: 'text'; readonly text: Secret }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'keychain'; readonly account: string };

const variable = 'GATEWAY_TOKEN_KEY';
const fileVariable = 'GATEWAY_TOKEN_KEY_FILE';
const defaultAccount = 'token-key';

/**
 * A variable that is there and empty is a mistake, not a wish for plain files. `keyFile`: what `GATEWAY_TOKEN_KEY_FILE`
 * names, absolute. Pure.
 * @throws GatewayError CONFIG_INVALID naming the variable, never its value
 */
export function readKeySetting(
  env: Readonly<Record<string, string | undefined>>,
  keyFile: string | undefined,
): TokenKeySetting | undefined {
  const [text, file] = [env[variable], env[fileVariable]];
  if (text !== undefined && file !== undefined) {
    const hint = 'Unset one of them, also where it is empty.';
    throw new GatewayError('CONFIG_INVALID', `${variable} and ${fileVariable} are both set`, { hint });
  }
  if (file !== undefined) {
    if (file.trim() === '' || keyFile === undefined) throw invalidKey(`${fileVariable} is empty`);
    return { kind: 'file', path: keyFile };
  }
  if (text === undefined) return undefined;
  const [isKeychain, name] = /^keychain(?::(.*))?$/.exec(text.trim()) ?? [];
  if (isKeychain === undefined) return { kind: 'text', text: new Secret(text) };
  return { kind: 'keychain', account: name === undefined ? defaultAccount : accountNamed(name) };
}

/** @throws GatewayError CONFIG_INVALID */
export async function findTokenKey(
  deps: TokenKeyDeps,
  setting: TokenKeySetting,
  { dataDirectory }: { readonly dataDirectory: string },
): Promise<TokenKey> {
  switch (setting.kind) {
    case 'text':
      return parseTokenKey(setting.text.reveal(), variable);
    case 'file':
      return await readKeyFile(setting.path, deps.log);
    case 'keychain': {
      const { keyFromKeychain, openSystemKeychain } = await import('./keychain.ts');
      const open = deps.openKeychain ?? openSystemKeychain;
      return await keyFromKeychain({ open, lock: deps.lock }, { dataDirectory, account: setting.account });
    }
    default:
      return setting satisfies never;
  }
}

function accountNamed(name: string): string {
  if (/^[\w.-]+$/.test(name)) return name;
  throw new GatewayError('CONFIG_INVALID', `${variable} names no entry of the keychain after keychain:`, {
    hint: 'Write keychain, or keychain: and a name of letters, digits, dots, dashes and underscores.',
  });
}

async function readKeyFile(path: string, log: LogPort): Promise<TokenKey> {
  const from = `the key file ${path} (${fileVariable})`;
  let text: string;
  try {
    text = await readFile(path, 'utf8');
    const { mode } = await stat(path);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      const reason = `chmod 600 ${path}`;
      log.warn({ path, mode: (mode & 0o777).toString(8), reason }, `${from} can be read by others`);
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new GatewayError('CONFIG_INVALID', `${from} cannot be read (${code})`, {
      hint: 'Correct the path, or give the user that runs this process the right to read it.',
      cause: error,
    });
  }
  return parseTokenKey(text, from);
}
