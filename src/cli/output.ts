// Owns where a command prints: people read a terminal or stderr, programs get one JSON document on stdout.
import { errorTable, errorText, GatewayError } from '../errors.ts';
import { printable } from '../lib/printable.ts';
import type { CliContext } from './context.ts';

export interface Output {
  readonly isJson: boolean;
  /** A line for people; nothing under `--json`. */
  line(text?: string): void;
  /** The one document of `--json`; nothing for people. */
  document(value: unknown): void;
}

export function createOutput(
  context: Pick<CliContext, 'stdout' | 'stderr'>,
  options: { readonly json: boolean },
): Output {
  const people = context.stdout.isTTY ? context.stdout : context.stderr;
  return {
    isJson: options.json,
    line(text = '') {
      if (!options.json) people.write(`${printable(text)}\n`);
    },
    document(value) {
      if (options.json) context.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
    },
  };
}

/** Prints a failure and gives the exit code that belongs to it. */
export function reportFailure(output: Output, error: unknown): number {
  const failure =
    error instanceof GatewayError ? error : new GatewayError('INTERNAL', errorText(error), { cause: error });
  const { code, message, hint, server, tool, rule, loginUrl, userCode } = failure;
  output.document({ error: { code, message, hint, server, tool, rule, login_url: loginUrl, user_code: userCode } });
  output.line(`portico: ${message}`);
  if (loginUrl !== undefined) output.line(`  ${loginUrl}`);
  if (userCode !== undefined) output.line(`  code ${userCode}`);
  if (hint !== undefined) output.line(`  ${hint}`);
  return errorTable[code].exitCode;
}

/** `1 server`, `2 servers`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Rows as aligned columns. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
