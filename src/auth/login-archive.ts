// Owns many logins as one text that a passphrase opens (JWE, RFC 7516); knows nothing of files, or of the logins here.
import type { FlattenedJWE } from 'jose';
import { decodeProtectedHeader, errors, FlattenedEncrypt, flattenedDecrypt } from 'jose';
import type { Secret } from '../lib/secret.ts';
import { parseObject } from './answer.ts';
import type { ParsedRecord } from './login-record.ts';
import { parseLoginRecord } from './login-record.ts';
import type { LoginRecord } from './token-store.ts';

/** The version that is written. A higher one is refused: what it means is not known. */
export const archiveVersion = 1;
/** Stands in `typ` (RFC 7516 section 4.1.11). */
const archiveType = 'portico-logins';

const management = 'PBES2-HS512+A256KW';
const content = 'A256GCM';
/** Nearly three times what OWASP asks of PBKDF2 with SHA-512: the file is made to be carried around. */
const iterations = 600_000;
/** Whoever can write the file must not keep this process busy with it. */
const maxIterations = 5_000_000;

/** `reason` goes on after the name of the file. */
export type Refusal = { readonly kind: 'refused'; readonly reason: string; readonly hint: string };
export type OpenedArchive = { readonly kind: 'opened'; readonly records: readonly ParsedRecord[] } | Refusal;

export async function sealArchive(
  logins: readonly LoginRecord[],
  passphrase: Secret,
  options: { readonly iterations?: number } = {},
): Promise<string> {
  const plain = new TextEncoder().encode(JSON.stringify({ logins }));
  const jwe = await new FlattenedEncrypt(plain)
    .setProtectedHeader({ alg: management, enc: content, typ: archiveType, cty: 'json', version: archiveVersion })
    .setKeyManagementParameters({ p2c: options.iterations ?? iterations })
    .encrypt(bytesOf(passphrase));
  return `${JSON.stringify(jwe, null, 2)}\n`;
}

/** What can be said of it without the passphrase. Pure. */
export function judgeArchive(text: string): { readonly kind: 'archive'; readonly jwe: FlattenedJWE } | Refusal {
  const jwe = parseObject(text);
  if (!jwe) return refused('is no complete JSON object', damagedHint);
  const header = headerOf(jwe);
  if (header?.['typ'] !== archiveType) return refused('holds no logins that were exported', foreignHint);
  const version = header['version'];
  if (typeof version !== 'number') return refused('does not say its version', damagedHint);
  if (version > archiveVersion) {
    const reason = `was written by a newer Portico (version ${version} of the format; this one reads ${archiveVersion})`;
    return refused(reason, 'Update Portico here, or export with the older one.');
  }
  const rounds = header['p2c'];
  if (typeof rounds === 'number' && rounds > maxIterations) {
    return refused(`asks for ${rounds} rounds to open it, and no export does`, foreignHint);
  }
  return { kind: 'archive', jwe: jwe as unknown as FlattenedJWE };
}

export async function openArchive(text: string, passphrase: Secret): Promise<OpenedArchive> {
  const verdict = judgeArchive(text);
  if (verdict.kind === 'refused') return verdict;
  try {
    const { plaintext } = await flattenedDecrypt(verdict.jwe, bytesOf(passphrase), {
      keyManagementAlgorithms: [management],
      contentEncryptionAlgorithms: [content],
      maxPBES2Count: maxIterations,
    });
    return judgeContent(parseObject(new TextDecoder().decode(plaintext)));
  } catch (error) {
    if (error instanceof errors.JWEDecryptionFailed) {
      const hint = 'Type the passphrase of the export; where it is that one, copy the file again.';
      return refused('is not opened by this passphrase, or was changed after the export', hint);
    }
    if (error instanceof errors.JOSEError || error instanceof TypeError) {
      return refused('is no complete JWE', damagedHint);
    }
    throw error;
  }
}

const foreignHint = 'portico export writes such a file.';
const damagedHint = 'It may have been cut off: export, or copy it, again.';

function judgeContent(value: Readonly<Record<string, unknown>> | undefined): OpenedArchive {
  const logins = value?.['logins'];
  if (!Array.isArray(logins)) return refused('holds no list of logins', damagedHint);
  return { kind: 'opened', records: logins.map(parseLoginRecord) };
}

function headerOf(jwe: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> | undefined {
  try {
    return decodeProtectedHeader(jwe);
  } catch {
    // No header, or one that is no JSON: some other file.
    return undefined;
  }
}

/** RFC 8265 section 4.2: the same passphrase from another keyboard may come with its accents apart. */
function bytesOf(passphrase: Secret): Uint8Array {
  return new TextEncoder().encode(passphrase.reveal().normalize('NFC'));
}

function refused(reason: string, hint: string): Refusal {
  return { kind: 'refused', reason, hint };
}
