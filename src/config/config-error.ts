// Owns the error for a config or rules file that cannot be used as a whole, and how one issue reads as a line.
import { GatewayError } from '../errors.ts';
import type { ConfigIssue } from './server-entry.ts';

/** A file that cannot be used. A class of its own because `check` shows its issues one by one. */
export class ConfigError extends GatewayError {
  readonly issues: readonly ConfigIssue[];

  /** `issues` holds at least one of severity `error`; the first of them becomes the message. */
  constructor(issues: readonly ConfigIssue[], cause?: unknown) {
    const errors = issues.filter((issue) => issue.severity === 'error');
    const [first] = errors;
    const more = errors.length > 1 ? ` (and ${errors.length - 1} more: portico check)` : '';
    super('CONFIG_INVALID', first ? describeIssue(first) + more : 'the file cannot be used', {
      hint: first?.hint,
      cause,
    });
    this.name = 'ConfigError';
    this.issues = Object.freeze([...issues]);
  }
}

/** `file:line:column: message`, the form editors and terminals turn into a link. */
export function describeIssue(issue: ConfigIssue): string {
  return `${issue.file}:${issue.line}:${issue.column}: ${issue.message}`;
}
