// Owns reading the private key of a client: PEM, JWK or a path to either, into a key that signs. Knows nothing of requests.
import type { KeyObject } from 'node:crypto';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { CryptoKey } from 'jose';
import { calculateJwkThumbprint, importPKCS8 } from 'jose';
import { GatewayError } from '../errors.ts';
import { parseObject, stringMember } from './answer.ts';

export interface SigningKey {
  readonly key: CryptoKey;
  /** The JWS algorithm that it signs with. */
  readonly alg: string;
  /** Of a JWK that has one (RFC 7517 section 4.5). */
  readonly kid?: string;
}

/** RFC 7518 section 3.4: one algorithm for each curve. */
const algOfCurve: Readonly<Record<string, string>> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' };

/**
 * `source`: a PEM, a JWK, or a path to a file with one of them. `alg`: a JWS algorithm; default: what the JWK says, or
 * fits the key.
 * @throws GatewayError CONFIG_INVALID naming the file, never a byte of the key
 */
export async function readSigningKey(server: string, source: string, alg: string | undefined): Promise<SigningKey> {
  return await withPrivateKey(server, source, async (key, jwk) => {
    const fitting = alg ?? stringMember(jwk, 'alg') ?? algOf(key);
    // The one format that every kind of key can be written in.
    const imported = await importPKCS8(key.export({ type: 'pkcs8', format: 'pem' }).toString(), fitting);
    const kid = stringMember(jwk, 'kid');
    return { key: imported, alg: fitting, ...(kid !== undefined && { kid }) };
  });
}

/** The half of the same key that may be shown, as a JWK. @throws GatewayError CONFIG_INVALID as `readSigningKey` */
export async function readPublicKey(
  server: string,
  source: string,
  alg: string | undefined,
): Promise<Readonly<Record<string, unknown>>> {
  return await withPrivateKey(server, source, async (key, jwk) => {
    const shown = createPublicKey(key).export({ format: 'jwk' });
    const kid = stringMember(jwk, 'kid') ?? (await calculateJwkThumbprint({ ...shown, kty: String(shown.kty) }));
    return { ...shown, kid, alg: alg ?? stringMember(jwk, 'alg') ?? algOf(key), use: 'sig' };
  });
}

async function withPrivateKey<T>(
  server: string,
  source: string,
  use: (key: KeyObject, jwk: Readonly<Record<string, unknown>> | undefined) => Promise<T>,
): Promise<T> {
  const isKey = source.trimStart().startsWith('-----BEGIN') || source.trimStart().startsWith('{');
  const text = isKey ? source : await readKeyFile(server, source);
  const jwk = parseObject(text);
  const from = isKey ? '' : ` in ${source}`;
  try {
    return await use(jwk ? createPrivateKey({ key: jwk, format: 'jwk' }) : createPrivateKey(text), jwk);
  } catch {
    // The parser's own message may quote the key.
    throw new GatewayError('CONFIG_INVALID', `server '${server}': oauth.privateKey${from} cannot be used`, {
      server,
      hint: 'It must be an unencrypted private key, as PKCS#8 PEM or JWK, that fits oauth.signingAlg.',
    });
  }
}

async function readKeyFile(server: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new GatewayError('CONFIG_INVALID', `server '${server}': oauth.privateKey: ${path} cannot be read (${code})`, {
      server,
      hint: 'Correct the path, or give the user that runs this process the right to read it.',
    });
  }
}

function algOf(key: KeyObject): string {
  if (key.asymmetricKeyType === 'ec') return algOfCurve[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? 'ES256';
  return key.asymmetricKeyType === 'ed25519' ? 'EdDSA' : 'RS256';
}
