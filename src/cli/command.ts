// Owns the shape of a command and what all commands share: options, settings, output, the way a failure ends.
import type { Command } from 'commander';
import type { Composition } from '../compose.ts';
import { createLog } from '../log.ts';
import { type CommandLineOptions, resolveSettings, type Settings } from '../settings.ts';
import type { CliContext } from './context.ts';
import { createOutput, type Output, reportFailure } from './output.ts';
import { createTerminalLog } from './terminal-log.ts';

export interface CommonOptions extends CommandLineOptions {
  readonly json?: boolean;
}

export interface CommandRun {
  readonly context: CliContext;
  readonly output: Output;
  readonly settings: Settings;
}

/** Every command in its own file: how it is called, and what it does. Resolves to the exit code. */
export interface CliCommand {
  /** Adds the command to the program; `finish` takes the exit code. */
  add(program: Command, context: CliContext, finish: (code: Promise<number>) => void): void;
}

export function commonOptions(command: Command): Command {
  return command
    .option('--config <file>', 'the servers file (default: search, see docs/configuration.md)')
    .option('--rules <file>', 'the rules file')
    .option('--token-dir <dir>', 'where logins are kept')
    .option('--json', 'print one JSON document on stdout');
}

/** Runs the body of a command; whatever it throws is printed once and becomes its exit code. */
export async function runCommand(
  context: CliContext,
  options: CommonOptions,
  body: (run: CommandRun) => Promise<number>,
): Promise<number> {
  const output = createOutput(context, { json: options.json ?? false });
  try {
    return await body({ context, output, settings: resolveSettings(options, context.env) });
  } catch (error) {
    return reportFailure(output, error);
  }
}

/** Runs the body with a whole gateway in this process, and ends that gateway afterwards. */
export async function withGateway(
  run: CommandRun,
  body: (composition: Composition) => Promise<number>,
): Promise<number> {
  const { compose } = await import('../compose.ts');
  const { context, settings, output } = run;
  const log = settings.debug ? createLog({ level: 'debug', stream: context.stderr }) : createTerminalLog(output);
  const composition = await compose({ ...context, log }, settings);
  context.onExit(() => composition.killNow());
  try {
    return await body(composition);
  } finally {
    await composition.close();
  }
}
