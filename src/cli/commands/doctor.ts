// Owns `portico doctor`: each step on the way to a server's tools, without a human; what fails, and what mends it.
import { type CliCommand, type CommandRun, type CommonOptions, commonOptions, runCommand } from '../command.ts';
import { headLines, reportLines, verdictLines } from '../doctor-report.ts';
import { createTerminalHost } from '../terminal-host.ts';
import { createTerminalLog } from '../terminal-log.ts';

const foundSomething = 1;

export const doctorCommand: CliCommand = {
  add(program, context, finish) {
    commonOptions(program.command('doctor'))
      .description('try every server step by step; exit 1 when something is found')
      .argument('[servers...]', 'default: every server, one verdict each')
      .action((servers: string[], options: CommonOptions) =>
        finish(runCommand(context, options, (run) => doctor(run, servers))),
      );
  },
};

async function doctor({ context, output, settings }: CommandRun, names: readonly string[]): Promise<number> {
  const { runDoctor } = await import('../../doctor-wiring.ts');
  const { signal } = createTerminalHost(context, output);
  const result = await runDoctor({ ...context, log: createTerminalLog(output), signal }, settings, names);
  output.document(result);
  for (const line of headLines(result)) output.line(line);
  for (const [index, report] of result.servers.entries()) {
    if (names.length > 0 && index > 0) output.line();
    for (const line of names.length > 0 ? reportLines(report) : verdictLines(report)) output.line(line);
  }
  const isFine = result.servers.every(({ verdict }) => verdict.kind === 'ok' || verdict.kind === 'skipped');
  return isFine ? 0 : foundSomething;
}
