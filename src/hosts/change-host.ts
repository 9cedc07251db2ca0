// Owns one change of a host's config from reading to writing: planned whole, checked, recorded, then written.
import { rm } from 'node:fs/promises';
import { type ChangeRecords, changedStretch, digestOf, type HostChange } from './change-record.ts';
import type { HostTarget } from './find-hosts.ts';
import { backupOf, type HostFileContent, readHostFile, writeHostFile } from './host-file.ts';
import { hostTable, serverTextOf } from './host-table.ts';
import { requireOnlyChange, type ServerText } from './server-text.ts';

export interface OpenedHost {
  readonly target: HostTarget;
  readonly content: HostFileContent;
  readonly format: ServerText;
  readonly servers: Readonly<Record<string, unknown>>;
}

/** What a command did or, for a rehearsal, would do. */
export interface HostEdit {
  readonly target: HostTarget;
  readonly before: string;
  readonly after: string;
  /** The file of before, unless there was none or nothing was written. */
  readonly backup?: string;
  /** The file was made, or is gone again. */
  readonly file: 'kept' | 'made' | 'deleted';
}

/** @throws GatewayError CONFIG_INVALID with line and column */
export async function openHost(target: HostTarget): Promise<OpenedHost> {
  const content = await readHostFile(target.file);
  const format = serverTextOf(target.id, target.file);
  return { target, content, format, servers: format.read(content.text) };
}

/** The text after the edit, known to say exactly that. `wanted`: the servers it shall have. */
export function checkedText(
  { target, content, format }: OpenedHost,
  after: string,
  wanted: Readonly<Record<string, unknown>>,
): string {
  const { key } = hostTable[target.id];
  requireOnlyChange(format, { file: target.file, before: content.text, after }, { key, wanted });
  return after;
}

interface Writing {
  readonly records: ChangeRecords;
  readonly dryRun: boolean;
}

/** Writes an edit that can be taken back. */
export async function writeChange(
  { target, content }: OpenedHost,
  after: string,
  what: Pick<HostChange, 'kind' | 'name' | 'entry' | 'servers' | 'madeContainer'>,
  { records, dryRun }: Writing,
): Promise<HostEdit> {
  const edit = { target, before: content.text, after, file: content.bytes === undefined ? 'made' : 'kept' } as const;
  if (dryRun) return edit;
  const change: HostChange = {
    ...what,
    created: content.bytes === undefined,
    textAfter: digestOf(after),
    ...changedStretch(content.text, after),
  };
  // First, so that whatever the file loses is somewhere when this process is killed in between.
  await records.write(target.file, [...(await records.read(target.file)), change]);
  const backup = await writeHostFile(target.file, content, after);
  return { ...edit, ...(backup === undefined ? {} : { backup }) };
}

/** Writes an edit that took one back. `text` undefined: the file itself was made by it. */
export async function writeTakenBack(
  { target, content }: OpenedHost,
  { text, remaining, exact }: { text: string | undefined; remaining: readonly HostChange[]; exact: boolean },
  { records, dryRun }: Writing,
): Promise<HostEdit> {
  const file = text === undefined ? 'deleted' : 'kept';
  const edit: HostEdit = { target, before: content.text, after: text ?? '', file };
  if (dryRun) return edit;
  let backup: string | undefined;
  if (text === undefined) await rm(target.file, { force: true });
  else if (text !== content.text) backup = await writeHostFile(target.file, content, text);
  await records.write(target.file, remaining);
  if (!exact) return { ...edit, ...(backup === undefined ? {} : { backup }) };
  // The file is what it was before the first change: nothing is left to go back to.
  if (remaining.length === 0) await rm(backupOf(target.file), { force: true });
  return remaining.length === 0 || backup === undefined ? edit : { ...edit, backup };
}
