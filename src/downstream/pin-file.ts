// Owns where and how it is kept which tools of a server were agreed to: one private file each, written whole, one writer at
// a time over all processes. Knows nothing of what counts as another tool.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServerEntry } from '../config/server-entry.ts';
import { isMissing, readTextIfPresent, writePrivateText } from '../lib/json-file.ts';
import { membersOf } from '../lib/members.ts';
import { catalogKey } from './server-file.ts';

/** One tool that was agreed to. */
export interface AgreedTool {
  readonly name: string;
  /** All that were ever agreed to, the oldest first. */
  readonly fingerprints: readonly string[];
  /** What the last of them was made of; absent where that cannot be kept. */
  readonly definition?: unknown;
}

export interface PinFile {
  readonly path: string;
  /** Changes with the content; undefined: there is no file. @throws what the file system says */
  stamp(): Promise<string | undefined>;
  /** Undefined: there is no file. @throws where there is one that cannot be read, or not be understood */
  read(): Promise<readonly AgreedTool[] | undefined>;
  /** Unless another process was faster. @throws what the file system says */
  writeFirst(tools: readonly AgreedTool[]): Promise<void>;
  /** Beside those that were agreed to before. A file that is of no use is replaced. @throws what the file system says */
  add(tools: readonly AgreedTool[]): Promise<void>;
}

const formatVersion = 1;
/** In characters; a larger file keeps the fingerprints alone. */
const longestFile = 16 * 1024 * 1024;
/** Of one tool; the newest. */
const mostFingerprints = 20;

export function createPinFile(
  { directory, now }: { readonly directory: string; readonly now: () => number },
  entry: ServerEntry,
): PinFile {
  // As with catalogs: another command, URL or account is another server, which nobody has agreed to yet.
  const path = join(directory, `${catalogKey(entry)}.json`);
  const read = async (): Promise<readonly AgreedTool[] | undefined> => {
    const text = await readTextIfPresent(path);
    return text === undefined ? undefined : parsed(text);
  };
  const write = (tools: readonly AgreedTool[]): Promise<void> =>
    writePrivateText(path, fileText(tools, { server: entry.name, at: now() }));
  return {
    path,
    read,
    async stamp() {
      try {
        const { ino, size, mtimeMs } = await stat(path);
        return [ino, size, mtimeMs].join(':');
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    writeFirst: (tools) =>
      alone(path, async () => {
        if ((await readTextIfPresent(path)) === undefined) await write(tools);
      }),
    add: (tools) =>
      alone(path, async () => {
        const before = await read().catch(() => undefined);
        await write(joined(before ?? [], tools));
      }),
  };
}

/** The lock is loaded when something is agreed to, which is seldom. */
async function alone(path: string, work: () => Promise<void>): Promise<void> {
  const { createFileLock } = await import('../lib/file-lock.ts');
  await createFileLock().hold(path, work);
}

function joined(before: readonly AgreedTool[], tools: readonly AgreedTool[]): readonly AgreedTool[] {
  const all = new Map(before.map((tool) => [tool.name, tool]));
  for (const tool of tools) {
    const known = all.get(tool.name)?.fingerprints ?? [];
    // The newest stands last, also where it was agreed to before.
    const older = known.filter((each) => !tool.fingerprints.includes(each));
    all.set(tool.name, { ...tool, fingerprints: [...older, ...tool.fingerprints].slice(-mostFingerprints) });
  }
  return [...all.values()];
}

function fileText(
  tools: readonly AgreedTool[],
  { server, at }: { readonly server: string; readonly at: number },
): string {
  const about = { version: formatVersion, server, agreed_at: new Date(at).toISOString() };
  const withTools = (texts: readonly string[]): string =>
    `${JSON.stringify(about).slice(0, -1)},"tools":[\n${texts.join(',\n')}\n]}\n`;
  const text = withTools(tools.map(toolText));
  return text.length <= longestFile ? text : withTools(tools.map(({ definition: _left, ...tool }) => toolText(tool)));
}

function toolText({ name, fingerprints: sha256, definition }: AgreedTool): string {
  try {
    return JSON.stringify({ name, sha256, definition });
  } catch {
    // Nested too deep to be written: its fingerprint is enough to notice a change, only not to show it.
    return JSON.stringify({ name, sha256 });
  }
}

function parsed(text: string): readonly AgreedTool[] {
  const { version, tools } = membersOf(JSON.parse(text));
  if (version !== formatVersion || !Array.isArray(tools)) throw new TypeError('it has a form that is not known here');
  return tools.map((tool): AgreedTool => {
    const { name, sha256, definition } = membersOf(tool);
    if (typeof name !== 'string' || !isTexts(sha256)) throw new TypeError('one of its tools cannot be understood');
    return { name, fingerprints: sha256, ...(definition !== undefined && { definition }) };
  });
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}
