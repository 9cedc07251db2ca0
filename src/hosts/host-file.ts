// Owns the bytes of a host's config: reading them as text, and writing a change with a backup beside it. Knows no format.
import { readFile } from 'node:fs/promises';
import { GatewayError } from '../errors.ts';
import { isMissing } from '../lib/json-file.ts';
import { fileMode, replaceFile } from '../lib/replace-file.ts';

export interface HostFileContent {
  /** Undefined: there is no file. */
  readonly bytes: Buffer | undefined;
  /** Without the byte order mark. */
  readonly text: string;
  readonly hasMark: boolean;
}

const mark = '\uFEFF';
const backupSuffix = '.portico-backup';

export function backupOf(file: string): string {
  return file + backupSuffix;
}

/** @throws GatewayError CONFIG_INVALID where it cannot be read, or is not UTF-8 */
export async function readHostFile(file: string): Promise<HostFileContent> {
  const bytes = await bytesOf(file);
  if (bytes === undefined) return { bytes, text: '', hasMark: false };
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const hasMark = text.startsWith(mark);
    return { bytes, text: hasMark ? text.slice(1) : text, hasMark };
  } catch (error) {
    throw new GatewayError('CONFIG_INVALID', `${file} is not UTF-8 text, so it was left alone`, {
      hint: 'Save it as UTF-8 and try again.',
      cause: error,
    });
  }
}

/**
 * Puts the text in place of what was read. The bytes from before go into the backup first.
 * @returns the backup. @throws GatewayError CONFIG_INVALID where somebody else wrote in between, or it may not be written
 */
export async function writeHostFile(file: string, before: HostFileContent, text: string): Promise<string | undefined> {
  try {
    // Hosts write their files, too, and some of them often.
    const now = await bytesOf(file);
    if (!sameBytes(now, before.bytes)) throw changedMeanwhile(file);
    const backup = before.bytes && backupOf(file);
    if (before.bytes && backup) await replaceFile(backup, before.bytes, await fileMode(file));
    await replaceFile(file, Buffer.from((before.hasMark ? mark : '') + text));
    return backup;
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    throw new GatewayError('CONFIG_INVALID', `${file} cannot be written (${codeOf(error)})`, {
      hint: 'Check who owns it. A file that another program makes (Nix, a dotfiles manager) is changed there.',
      cause: error,
    });
  }
}

async function bytesOf(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw new GatewayError('CONFIG_INVALID', `${file} cannot be read (${codeOf(error)})`, { cause: error });
  }
}

function sameBytes(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b);
}

function changedMeanwhile(file: string): GatewayError {
  return new GatewayError('CONFIG_INVALID', `${file} was changed by another program at the same moment`, {
    hint: 'Nothing was written. Run the command again, best with the host closed.',
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
