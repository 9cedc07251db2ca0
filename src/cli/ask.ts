// Owns questions at a terminal; nothing is ever asked where there is none, or where a program reads along.
import type { Writable } from 'node:stream';
import { GatewayError } from '../errors.ts';
import { printable } from '../lib/printable.ts';
import type { CommandRun } from './command.ts';

export function mayAsk({ context, output }: Pick<CommandRun, 'context' | 'output'>): boolean {
  return context.stdin.isTTY === true && context.stderr.isTTY === true && !output.isJson;
}

/** @throws GatewayError CANCELLED at Ctrl-C or Escape */
export async function askYesNo({ context }: Pick<CommandRun, 'context'>, message: string): Promise<boolean> {
  const { confirm, isCancel } = await import('@clack/prompts');
  const answer = await confirm({
    message: printable(message),
    initialValue: false,
    input: context.stdin,
    output: withWidth(context.stderr),
  });
  if (isCancel(answer)) throw new GatewayError('CANCELLED', 'nothing was changed');
  return answer;
}

export interface Choice {
  readonly value: string;
  readonly label: string;
  readonly hint?: string;
}

/** Any number of them. @throws GatewayError CANCELLED at Ctrl-C or Escape */
export async function askWhich(
  { context }: Pick<CommandRun, 'context'>,
  message: string,
  choices: readonly Choice[],
  { isAllTicked = false }: { readonly isAllTicked?: boolean } = {},
): Promise<readonly string[]> {
  const { multiselect, isCancel } = await import('@clack/prompts');
  const answer = await multiselect<string>({
    message: printable(message),
    options: choices.map(({ value, label, hint }) => ({
      value,
      label: printable(label),
      ...(hint !== undefined && { hint: printable(hint) }),
    })),
    required: false,
    ...(isAllTicked && { initialValues: choices.map(({ value }) => value) }),
    input: context.stdin,
    output: withWidth(context.stderr),
  });
  if (isCancel(answer)) throw new GatewayError('CANCELLED', 'nothing was changed');
  return answer;
}

/** One line. @throws GatewayError CANCELLED at Ctrl-C or Escape */
export async function askText(
  { context }: Pick<CommandRun, 'context'>,
  message: string,
  { offered, isHidden, problemOf }: TextWishes,
): Promise<string> {
  const { text, password, isCancel } = await import('@clack/prompts');
  const shared = {
    message: printable(message),
    validate: (given: string | undefined) => problemOf(given === undefined || given === '' ? (offered ?? '') : given),
    input: context.stdin,
    output: withWidth(context.stderr),
  };
  const answer = isHidden
    ? await password(shared)
    : await text({ ...shared, ...(offered !== undefined && { placeholder: offered, defaultValue: offered }) });
  if (isCancel(answer)) throw new GatewayError('CANCELLED', 'nothing was changed');
  return answer;
}

export interface TextWishes {
  /** Holds where nothing is typed. */
  readonly offered?: string | undefined;
  /** It is not shown while it is typed. */
  readonly isHidden: boolean;
  /** Why it cannot be taken; undefined: it can. */
  readonly problemOf: (text: string) => string | undefined;
}

/** One of them. @throws GatewayError CANCELLED at Ctrl-C or Escape */
export async function askOne(
  { context }: Pick<CommandRun, 'context'>,
  message: string,
  { options, offered }: { readonly options: readonly string[]; readonly offered?: string | undefined },
): Promise<string> {
  const { select, isCancel } = await import('@clack/prompts');
  const answer = await select<string>({
    message: printable(message),
    options: options.map((value) => ({ value, label: printable(value) })),
    ...(offered !== undefined && { initialValue: offered }),
    input: context.stdin,
    output: withWidth(context.stderr),
  });
  if (isCancel(answer)) throw new GatewayError('CANCELLED', 'nothing was changed');
  return answer;
}

/** Some terminals (of editors, of tools that drive programs) say that they are 0 columns wide: one letter a line. */
function withWidth(stream: Writable & { readonly columns?: number }): Writable {
  if (stream.columns !== 0) return stream;
  return Object.create(stream, { columns: { value: 80 }, rows: { value: 24 } });
}
