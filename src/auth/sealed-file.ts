// Owns one private JSON file that is encrypted where there is a key for it: read whole, and refused where the key does not
// fit. Knows nothing of what it holds.
import { chmod, stat } from 'node:fs/promises';
import { GatewayError } from '../errors.ts';
import { readTextIfPresent, writePrivateJson } from '../lib/json-file.ts';
import { parseObject } from './answer.ts';
import type { RecordSeal } from './sealed-record.ts';

/** Without the right to write there is no lock either, and nobody on this directory can save anything. */
export const readOnlyCodes: ReadonlySet<unknown> = new Set(['EROFS', 'EACCES', 'EPERM']);

export interface SealedFile {
  readonly path: string;
  /** What it is sealed under: a file that was renamed does not open. */
  readonly name: string;
  /** In messages, before its path: `the login file`. */
  readonly what: string;
  /** What to do where its key is lost; goes on after a comma. */
  readonly giveUp: string;
}

export interface ReadFile {
  /** Undefined: it is no JSON object. */
  readonly value: Readonly<Record<string, unknown>> | undefined;
  /** It was not encrypted. */
  readonly isPlain: boolean;
}

/**
 * Gives undefined where files are not encrypted; absent: the same.
 * @throws GatewayError CONFIG_INVALID where there should be a key and is none
 */
export type FindSeal = (() => Promise<RecordSeal | undefined>) | undefined;

/** Undefined: there is no such file. @throws GatewayError CONFIG_INVALID where it cannot be read, or the key does not fit */
export async function readSealedFile(findSeal: FindSeal, file: SealedFile): Promise<ReadFile | undefined> {
  const text = await readText(file);
  if (text === undefined) return undefined;
  const found = parseObject(text);
  // Also before a plain file is used: what is changed in it and could not be saved afterwards would be lost.
  const seal = await findSeal?.();
  const isPlain = !found || !isSealed(found);
  const value = isPlain ? found : parseObject(await openSealed(found, file, seal));
  return { value, isPlain };
}

export async function writeSealedFile<T extends { readonly version: number }>(
  findSeal: FindSeal,
  { path, name }: SealedFile,
  value: T,
): Promise<{ readonly isPlain: boolean }> {
  const seal = await findSeal?.();
  const bound = { login: name, version: value.version };
  await writePrivateJson(path, seal ? await seal.seal(JSON.stringify(value), bound) : value);
  return { isPlain: !seal };
}

/** A file that was copied here may be readable by others. One that belongs to somebody else cannot be changed: it is still used. */
export async function closeToOthers(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) await chmod(path, mode & 0o700);
  } catch (error) {
    const code = codeOf(error);
    if (!readOnlyCodes.has(code) && code !== 'ENOENT') throw error;
  }
}

export function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** Whether it is a JWE (RFC 7516 section 7.2.2): nothing plain has such members. */
function isSealed(file: Readonly<Record<string, unknown>>): boolean {
  return typeof file['ciphertext'] === 'string' && typeof file['protected'] === 'string';
}

async function openSealed(
  value: Readonly<Record<string, unknown>>,
  { path, name, what, giveUp }: SealedFile,
  seal: RecordSeal | undefined,
): Promise<string> {
  if (!seal) {
    throw new GatewayError('CONFIG_INVALID', `GATEWAY_TOKEN_KEY is not set, and ${what} ${path} is encrypted`, {
      hint: `It was left as it is. Set GATEWAY_TOKEN_KEY or GATEWAY_TOKEN_KEY_FILE as it was when the file was saved, ${giveUp}`,
    });
  }
  const opened = await seal.open(value, name);
  if (opened.kind === 'opened') return opened.plain;
  throw new GatewayError('CONFIG_INVALID', `${seal.from} does not open ${what} ${path}: it ${opened.reason}`, {
    hint: `It was left as it is. Set the key that it was saved with, ${giveUp}`,
  });
}

async function readText({ path, what }: SealedFile): Promise<string | undefined> {
  try {
    return await readTextIfPresent(path);
  } catch (error) {
    throw new GatewayError('CONFIG_INVALID', `${what} ${path} cannot be read (${String(codeOf(error))})`, {
      hint: 'Give the user that runs this process the right to read it, or choose another directory with GATEWAY_TOKEN_DIR.',
      cause: error,
    });
  }
}
