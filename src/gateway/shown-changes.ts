// Owns what an agent is told of tools that are not as they were agreed to: names, bounded, and what a human can do. Pure.
import type { ServerSnapshot } from './downstream-port.ts';

type Changes = NonNullable<ServerSnapshot['toolChanges']>;

/** Stands beside the tools; their definitions stay as the server sent them. */
export interface ShownChanges {
  readonly changed?: readonly string[];
  readonly new?: readonly string[];
  /** How many those are, where not all are named. */
  readonly count?: number;
  /** They are not shown, and cannot be called. */
  readonly blocked?: true;
}

const mostNames = 20;

/** `isMeant`: by name; undefined where none is left. */
export function shownChanges(
  changes: Changes | undefined,
  isMeant: (tool: string) => boolean,
): ShownChanges | undefined {
  if (!changes) return undefined;
  const [changed, added] = [changes.changed.filter(isMeant), changes.added.filter(isMeant)];
  const count = changed.length + added.length;
  if (count === 0) return undefined;
  const [first, second] = [
    changed.slice(0, mostNames),
    added.slice(0, mostNames - Math.min(changed.length, mostNames)),
  ];
  return {
    ...(first.length > 0 && { changed: first }),
    ...(second.length > 0 && { new: second }),
    ...(count > mostNames && { count }),
    ...(changes.isBlocked && { blocked: true }),
  };
}

export function changesHint(server: string, { blocked }: ShownChanges): string {
  return blocked
    ? `tool_changes names tools that no human has agreed to: they cannot be called until one does: portico tools ${server} --approve`
    : `tool_changes names tools that are not as a human agreed to them. To look: portico tools ${server}`;
}

/** For one line about the server. */
export function changesLine(server: string, { changed, added, isBlocked }: Changes): string {
  const count = changed.length + added.length;
  return `${count} ${count === 1 ? 'tool' : 'tools'} not agreed to${isBlocked ? ', blocked' : ''}: portico tools ${server}`;
}
