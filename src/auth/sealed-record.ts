// Owns a login as a JWE (RFC 7516), bound to the name it is kept under; knows nothing of files, or of what a login holds.
import { pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { FlattenedJWE } from 'jose';
import { decodeProtectedHeader, errors, FlattenedEncrypt, flattenedDecrypt } from 'jose';
import type { TokenKey } from './token-key.ts';

export interface RecordSeal {
  /** Where its key came from. */
  readonly from: string;
  /** `login`: the key it is kept under. `version`: of the record's format, for readers without the key. */
  seal(plain: string, bound: { readonly login: string; readonly version: number }): Promise<FlattenedJWE>;
  open(sealed: SealedRecord, login: string): Promise<OpenedRecord>;
}

export type SealedRecord = Readonly<Record<string, unknown>>;

export type OpenedRecord =
  | { readonly kind: 'opened'; readonly plain: string }
  /** `reason` goes on after "it". */
  | { readonly kind: 'closed'; readonly reason: string };

const direct = 'dir';
const byPassphrase = 'PBES2-HS512+A256KW';
const content = 'A256GCM';
/** What OWASP asks of PBKDF2 with SHA-512. */
const iterations = 210_000;
/** Whoever can write the file must not keep this process busy with it. */
const maxIterations = 5_000_000;
/** RFC 7518 section 4.8.1.1 asks for 8 or more. */
const saltBytes = 16;

export function createRecordSeal(key: TokenKey): RecordSeal {
  const road = key.kind === 'key' ? directRoad(key.bytes) : passphraseRoad(key.text.reveal());
  return {
    from: key.from,
    seal: (plain, bound) => road.encrypt(new TextEncoder().encode(plain), { enc: content, cty: 'json', ...bound }),
    async open(sealed, login) {
      const alg = algOf(sealed);
      if (alg !== road.alg) return closed(otherAlg(alg));
      try {
        const { plaintext, protectedHeader } = await road.decrypt(sealed as unknown as FlattenedJWE);
        // Authenticated by now: under another name it would be taken for the login of another server.
        if (protectedHeader?.['login'] !== login) return closed('is the login of another server or account, renamed');
        return { kind: 'opened', plain: new TextDecoder().decode(plaintext) };
      } catch (error) {
        if (error instanceof errors.JWEDecryptionFailed) return closed('was saved with another key, or changed since');
        if (error instanceof errors.JOSEError || error instanceof TypeError) return closed('is no complete JWE');
        throw error;
      }
    },
  };
}

type Header = Readonly<Record<string, unknown>>;

interface Road {
  readonly alg: string;
  encrypt(plain: Uint8Array, header: Header): Promise<FlattenedJWE>;
  decrypt(jwe: FlattenedJWE): ReturnType<typeof flattenedDecrypt>;
}

/** RFC 7518 section 4.5: the key encrypts the content itself. */
function directRoad(key: Uint8Array): Road {
  const options = { keyManagementAlgorithms: [direct], contentEncryptionAlgorithms: [content] };
  return {
    alg: direct,
    encrypt: (plain, header) => new FlattenedEncrypt(plain).setProtectedHeader({ ...header, alg: direct }).encrypt(key),
    decrypt: (jwe) => flattenedDecrypt(jwe, key, options),
  };
}

/**
 * RFC 7518 section 4.8: a derived key wraps the content's key. Deriving takes tenths of a second of a processor and
 * happens here, once for each salt, off the event loop; the rest is A256KW as the library knows it. So what names the
 * derived key stands in the recipient's header (RFC 7516 section 7.2.1), and any JOSE library opens the file with the
 * passphrase.
 */
function passphraseRoad(passphrase: string): Road {
  const derived = new Map<string, Promise<Uint8Array>>();
  /** Of the first file that opened, so that the files of one directory come to share one salt. */
  let mine: Pbes2 | undefined;
  const derive = ({ p2s, p2c }: Pbes2): Promise<Uint8Array> => {
    const name = `${p2c} ${p2s}`;
    const known = derived.get(name) ?? deriveKey(passphrase, { p2s, p2c });
    derived.set(name, known);
    return known;
  };
  const wrapping = 'A256KW';
  const options = { keyManagementAlgorithms: [wrapping], contentEncryptionAlgorithms: [content] };
  return {
    alg: byPassphrase,
    async encrypt(plain, header) {
      mine ??= { p2s: randomBytes(saltBytes).toString('base64url'), p2c: iterations };
      const used = mine;
      const jwe = new FlattenedEncrypt(plain).setProtectedHeader(header).setUnprotectedHeader({ alg: wrapping });
      return { ...(await jwe.encrypt(await derive(used))), header: { alg: byPassphrase, ...used } };
    },
    async decrypt(jwe) {
      const named = pbes2Of(jwe.header);
      const opened = await flattenedDecrypt({ ...jwe, header: { alg: wrapping } }, await derive(named), options);
      if (named.p2c >= iterations) mine ??= named;
      return opened;
    },
  };
}

interface Pbes2 {
  readonly p2s: string;
  readonly p2c: number;
}

async function deriveKey(passphrase: string, { p2s, p2c }: Pbes2): Promise<Uint8Array> {
  // RFC 7518 section 4.8.1.1: the salt is the algorithm's name, a zero byte, and `p2s`.
  const salt = Buffer.concat([Buffer.from(`${byPassphrase}\0`), Buffer.from(p2s, 'base64url')]);
  return await promisify(pbkdf2)(passphrase, salt, p2c, 32, 'sha512');
}

function pbes2Of(header: unknown): Pbes2 {
  const { p2s, p2c } = (header ?? {}) as Header;
  const isSalt = typeof p2s === 'string' && p2s.length >= 11 && p2s.length <= 1000;
  const isCount = typeof p2c === 'number' && Number.isInteger(p2c) && p2c > 0 && p2c <= maxIterations;
  if (!isSalt || !isCount) throw new errors.JWEInvalid('p2s or p2c is missing, or out of bounds');
  return { p2s, p2c };
}

function algOf(sealed: SealedRecord): unknown {
  try {
    return decodeProtectedHeader(sealed).alg ?? (sealed['header'] as Header | undefined)?.['alg'];
  } catch {
    // No header at all: nothing that was encrypted.
    return undefined;
  }
}

function otherAlg(alg: unknown): string {
  if (alg === direct) return 'was saved with a key in base64, not with a passphrase';
  if (alg === byPassphrase) return 'was saved with a passphrase, not with a key in base64';
  return alg === undefined ? 'is no complete JWE' : 'was encrypted in a way that this version does not know';
}

function closed(reason: string): OpenedRecord {
  return { kind: 'closed', reason };
}
