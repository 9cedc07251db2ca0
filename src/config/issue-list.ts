// Owns collecting what is wrong with a file, each thing with its place; knows nothing of what may be wrong.
import { present } from '../lib/present.ts';
import type { JsonDocument, JsonPath } from './json-document.ts';
import type { ConfigIssue } from './server-entry.ts';

export interface IssueNote {
  readonly path: JsonPath;
  readonly message: string;
  readonly hint?: string | undefined;
  /** Point at the member's name and not at its value. */
  readonly atKey?: boolean;
}

export interface IssueList {
  readonly issues: readonly ConfigIssue[];
  error(note: IssueNote): void;
  warning(note: IssueNote): void;
  hasErrors(): boolean;
}

/** `server`: the one that all of these issues belong to; its name then begins each message. */
export function createIssueList(document: JsonDocument, server?: string): IssueList {
  const issues: ConfigIssue[] = [];
  const add = (severity: ConfigIssue['severity'], note: IssueNote): void => {
    const message = server === undefined ? note.message : `server '${server}': ${note.message}`;
    const place = document.place(note.path, note.atKey ? 'key' : 'value');
    issues.push(present({ severity, file: document.file, ...place, message, hint: note.hint, server }));
  };
  return {
    issues,
    error: (note) => add('error', note),
    warning: (note) => add('warning', note),
    hasErrors: () => issues.some((issue) => issue.severity === 'error'),
  };
}

/** How a path reads in a sentence: `headers.Authorization`, `args[1]`. */
export function keyText(path: JsonPath): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${step}`))
    .join('');
}
