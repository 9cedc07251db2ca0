// Owns one run of the command line, from the words to the exit code; reads nothing of the process itself.
import { Command, CommanderError } from 'commander';
import { nearestNames } from '../lib/nearest-name.ts';
import { allCommands } from './commands/all-commands.ts';
import type { CliContext } from './context.ts';

const wrongUsage = 2;

/** @param words the command line without node and script. @returns the exit code */
export async function run(words: readonly string[], context: CliContext): Promise<number> {
  const program = new Command('portico')
    .description('One MCP server that stands for all of your MCP servers, and logs in to them by itself.')
    .version(context.version)
    .showHelpAfterError('(portico --help shows the commands)')
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
    })
    .exitOverride();
  let code: Promise<number> = Promise.resolve(0);
  for (const command of allCommands) {
    command.add(program, context, (running) => {
      code = running;
    });
  }
  const unknown = unknownCommand(program, words);
  if (unknown !== undefined) {
    context.stderr.write(`error: ${unknown}\n`);
    return wrongUsage;
  }
  try {
    await program.parseAsync([...words], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : wrongUsage;
  }
  return await code;
}

/** Without a command the options are those of `serve`, so a mistyped command would pass for an argument of it. */
function unknownCommand(program: Command, [first]: readonly string[]): string | undefined {
  if (first === undefined || first.startsWith('-')) return undefined;
  const known = [...program.commands.map((command) => command.name()), 'help'];
  if (known.includes(first)) return undefined;
  const [near] = nearestNames(first, known, 1);
  return `unknown command '${first}'${near === undefined ? '' : `; did you mean ${near}?`} (portico --help shows the commands)`;
}
