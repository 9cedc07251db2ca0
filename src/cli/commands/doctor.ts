// Owns `portico doctor`: trace each step of a login without a human, and say what fails and what mends it.
import { type CliCommand, type CommandRun, type CommonOptions, commonOptions, runCommand } from '../command.ts';
import { reportLines, verdictLines } from '../doctor-report.ts';
import { createTerminalLog } from '../terminal-log.ts';

const foundSomething = 1;

export const doctorCommand: CliCommand = {
  add(program, context, finish) {
    commonOptions(program.command('doctor'))
      .description('trace a login step by step, change nothing; exit 1 when something is found')
      .argument('[servers...]', 'default: every server, one verdict each')
      .action((servers: string[], options: CommonOptions) =>
        finish(runCommand(context, options, (run) => doctor(run, servers))),
      );
  },
};

async function doctor({ context, output, settings }: CommandRun, names: readonly string[]): Promise<number> {
  const { runDoctor } = await import('../../doctor-wiring.ts');
  const result = await runDoctor({ ...context, log: createTerminalLog(output) }, settings, names);
  output.document(result);
  output.line(`portico ${result.portico_version}, node ${result.node_version}, ${result.platform}`);
  output.line(`servers: ${result.servers_file}`);
  output.line(`logins:  ${result.token_directory}`);
  for (const report of result.servers) {
    if (names.length > 0) output.line();
    for (const line of names.length > 0 ? reportLines(report) : verdictLines(report)) output.line(line);
  }
  const isFine = result.servers.every(({ verdict }) => verdict.kind === 'ok' || verdict.kind === 'skipped');
  return isFine ? 0 : foundSomething;
}
