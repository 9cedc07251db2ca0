// Owns what a key of the login files looks like when it is written down; pure, knows nothing of where it comes from.
import { GatewayError } from '../errors.ts';
import { Secret } from '../lib/secret.ts';

/** `from` says in an error where it came from. */
export type TokenKey =
  | { readonly kind: 'key'; readonly bytes: Uint8Array; readonly from: string }
  | { readonly kind: 'passphrase'; readonly text: Secret; readonly from: string };

/** Characters. */
const minPassphrase = 12;
/** Bytes: A256GCM (RFC 7518 section 5.3). */
export const tokenKeyBytes = 32;

/** `base64:` and 32 bytes, or a passphrase; space around it does not count. @throws GatewayError CONFIG_INVALID */
export function parseTokenKey(text: string, from: string): TokenKey {
  const given = text.trim();
  if (given === '') throw invalidKey(`${from} is empty`);
  if (/^base64:/i.test(given)) {
    const encoded = given.slice('base64:'.length).trim();
    if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(encoded)) throw invalidKey(`${from} begins with base64: and is no base64`);
    const bytes = Buffer.from(encoded, 'base64');
    if (bytes.length === tokenKeyBytes) return { kind: 'key', bytes, from };
    throw invalidKey(`${from} holds ${bytes.length} bytes in base64 instead of ${tokenKeyBytes}`);
  }
  if ([...given].length < minPassphrase) throw invalidKey(`${from} is shorter than ${minPassphrase} characters`);
  return { kind: 'passphrase', text: new Secret(given), from };
}

/** Never with a value. */
export function invalidKey(message: string): GatewayError {
  return new GatewayError('CONFIG_INVALID', message, {
    hint: `Give "base64:" and ${tokenKeyBytes} random bytes (echo "base64:$(openssl rand -base64 ${tokenKeyBytes})"), or a passphrase of ${minPassphrase} characters or more.`,
  });
}
