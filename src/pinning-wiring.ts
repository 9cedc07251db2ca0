// Owns the plugs of tool pinning: where it is kept what was agreed to, noticing that another process writes there, and
// what `portico tools` shows and agrees to. Loaded with the first server that has it.
import type { ServerEntry } from './config/server-entry.ts';
import type { FileWatch, WatchMode } from './config/watch-files.ts';
import { createPinFile, type PinFile } from './downstream/pin-file.ts';
import type { ToolDefinition } from './downstream/tool-pages.ts';
import { AgreedTools, agreedTool } from './gateway/agreed-tools.ts';
import { ToolReviews } from './gateway/tool-reviews.ts';
import type { LogPort } from './lib/log-port.ts';
import { membersOf } from './lib/members.ts';
import { canonicalText } from './policy/fingerprint-tool.ts';
import { judgeTools, type ToolChanges } from './policy/judge-tools.ts';

export interface PinningDeps {
  readonly log: LogPort;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Somebody may have agreed to tools, in another process. */
  readonly onAgreed: () => void;
}

export interface PinningSettings {
  readonly directory: string;
  readonly watch: WatchMode | 'off';
}

export interface Pinning extends Pick<ToolReviews, 'review' | 'last'> {
  /** What differs, of the tools as they are now. */
  compare(entry: ServerEntry, tools: readonly ToolDefinition[]): Promise<ToolComparison>;
  close(): Promise<void>;
}

export interface ToolComparison {
  readonly differences: readonly ToolDifference[];
  /** All of these tools are agreed to from now on. @throws what the file system says */
  agree(): Promise<void>;
}

export interface ToolDifference {
  readonly tool: string;
  readonly kind: 'changed' | 'new';
  readonly members: readonly MemberDifference[];
}

/** One member of a definition; undefined: it was, or is, not there. */
export interface MemberDifference {
  readonly name: string;
  readonly before: unknown;
  readonly after: unknown;
}

export function openPinning(deps: PinningDeps, { directory, watch }: PinningSettings): Pinning {
  const { log, now, onAgreed } = deps;
  const fileOf = (entry: ServerEntry): PinFile => createPinFile({ directory, now }, entry);
  // Of a config that was read anew the entries are others, and the servers the same.
  const opened = new Map<string, AgreedTools>();
  const doubted = new Set<string>();
  let watching: Promise<FileWatch> | undefined;
  let isClosed = false;
  const reviews = new ToolReviews({
    log,
    open(entry) {
      const file = fileOf(entry);
      const agreed = opened.get(file.path) ?? new AgreedTools({ file, server: entry.name, log });
      opened.set(file.path, agreed);
      return agreed;
    },
    onDoubt(path) {
      if (watch === 'off' || isClosed || doubted.has(path)) return;
      doubted.add(path);
      watching ??= import('./config/watch-files.ts').then(({ watchFiles }) =>
        watchFiles({ log, onChanged: onAgreed }, watch, []),
      );
      void watching.then((watched) => watched.use([...doubted]));
    },
  });
  return {
    review: (entry, tools, about) => reviews.review(entry, tools, about),
    last: (entry) => reviews.last(entry),
    async compare(entry, tools) {
      const { changes } = await reviews.review(entry, tools, { isLive: true });
      const file = fileOf(entry);
      // A file that cannot be understood agreed to nothing.
      const known = new Map((await file.read().catch(() => undefined))?.map((tool) => [tool.name, tool.definition]));
      const [changed, added] = [new Set(changes.changed), new Set(changes.added)];
      return {
        differences: tools
          .filter(({ name }) => changed.has(name) || added.has(name))
          .map((tool) => ({
            tool: tool.name,
            kind: added.has(tool.name) ? 'new' : 'changed',
            members: differingMembers(known.get(tool.name), tool),
          })),
        agree: () => file.add(tools.map(agreedTool)),
      };
    },
    async close() {
      isClosed = true;
      await (await watching)?.close();
    },
  };
}

/** For those who only look; undefined: nothing was agreed to so far, and nothing is by looking. */
export async function changesOf(
  { log, now, directory }: Pick<PinningDeps, 'log' | 'now'> & Pick<PinningSettings, 'directory'>,
  entry: ServerEntry,
  tools: readonly ToolDefinition[],
): Promise<ToolChanges | undefined> {
  const file = createPinFile({ directory, now }, entry);
  const agreed = await new AgreedTools({ file, server: entry.name, log }).current();
  return agreed && judgeTools(agreed, tools);
}

/** In the order of the definition as it is now, then those that are gone. Pure. */
export function differingMembers(before: unknown, after: ToolDefinition): readonly MemberDifference[] {
  const [old, current] = [membersOf(before), membersOf(after)];
  const memberOf = (members: typeof current, member: string): unknown =>
    Object.hasOwn(members, member) ? members[member] : undefined;
  return [...new Set([...Object.keys(current), ...Object.keys(old)])]
    .map((member) => ({ name: member, before: memberOf(old, member), after: memberOf(current, member) }))
    .filter((member) => canonicalText([member.before]) !== canonicalText([member.after]));
}
