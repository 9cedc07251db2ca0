// Owns `portico check`: what is wrong with the config and the rules, and where. Quick, and without a network: it starts
// and asks nothing, and so it also looks at files that nobody has trusted yet.
import { ConfigError } from '../../config/config-error.ts';
import type { ConfigIssue } from '../../config/server-entry.ts';
import { shortUntrusted, type UntrustedFile } from '../../config/untrusted-file.ts';
import { type CliCommand, type CommandRun, type CommonOptions, commonOptions, runCommand } from '../command.ts';
import { counted, type Output } from '../output.ts';
import { createTerminalLog } from '../terminal-log.ts';
import { wrapped } from '../wrapped.ts';

const foundSomething = 1;

export const checkCommand: CliCommand = {
  add(program, context, finish) {
    commonOptions(program.command('check'))
      .description('validate the servers file and the rules file; exit 1 on errors')
      .action((options: CommonOptions) => finish(runCommand(context, options, check)));
  },
};

async function check({ context, output, settings }: CommandRun): Promise<number> {
  const { readConfig } = await import('../../read-config.ts');
  try {
    const { createInputs } = await import('../../input-wiring.ts');
    const { open: openInputs } = createInputs({ ...context, log: createTerminalLog(output) }, settings);
    const { servers, rules, untrusted } = await readConfig(context, settings, { untrusted: 'read', openInputs });
    const issues = [...untrusted.map(untrustedIssue), ...servers.issues, ...(rules?.issues ?? [])];
    const code = report(output, issues, { servers_file: servers.path, rules_file: rules?.path ?? null });
    output.line(`${servers.path}: ${counted(servers.servers.size, 'server')}`);
    output.line(
      rules
        ? `${rules.path}: ${counted(rules.rules.agents.size, 'agent')}`
        : 'no rules file: every agent may use everything',
    );
    return code;
  } catch (error) {
    // Here a file that cannot be used is a finding, and not a failure of the command.
    if (error instanceof ConfigError) return report(output, error.issues, {});
    throw error;
  }
}

function untrustedIssue(untrusted: UntrustedFile): ConfigIssue {
  const message = `${shortUntrusted(untrusted)}: it was found in the working directory, and is not used`;
  const hint = 'look at it, then type: portico trust';
  return { severity: 'error', file: untrusted.file, line: 1, column: 1, pointer: '', message, hint };
}

function report(output: Output, issues: readonly ConfigIssue[], files: object): number {
  const errors = issues.filter(({ severity }) => severity === 'error').length;
  output.document({ ...files, valid: errors === 0, issues });
  for (const issue of issues) for (const line of issueLines(issue)) output.line(line);
  output.line(`${counted(errors, 'error')}, ${counted(issues.length - errors, 'warning')}`);
  return errors > 0 ? foundSomething : 0;
}

/** The place in the form that editors and terminals turn into a link, then what is wrong, then what to write. */
function issueLines({ severity, file, line, column, pointer, message, hint }: ConfigIssue): readonly string[] {
  const place = `${severity} ${file}:${line}:${column}${pointer === '' ? '' : ` ${pointer}`}`;
  return [place, ...wrapped(message, '  ', '  '), ...(hint === undefined ? [] : wrapped(`-> ${hint}`, '  ', '     '))];
}
