// Owns `portico check`: what is wrong with the config and the rules, and where.
import { ConfigError, describeIssue } from '../../config/config-error.ts';
import type { ConfigIssue } from '../../config/server-entry.ts';
import { type CliCommand, type CommandRun, type CommonOptions, commonOptions, runCommand } from '../command.ts';
import type { Output } from '../output.ts';

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
    const { servers, rules } = await readConfig(context, settings);
    const issues = [...servers.issues, ...(rules?.issues ?? [])];
    const code = report(output, issues, { servers_file: servers.path, rules_file: rules?.path ?? null });
    output.line(`${servers.path}: ${servers.servers.size} servers`);
    output.line(
      rules ? `${rules.path}: ${rules.rules.agents.size} agents` : 'no rules file: every agent may use everything',
    );
    return code;
  } catch (error) {
    // Here a file that cannot be used is a finding, and not a failure of the command.
    if (error instanceof ConfigError) return report(output, error.issues, {});
    throw error;
  }
}

function report(output: Output, issues: readonly ConfigIssue[], files: object): number {
  const errors = issues.filter(({ severity }) => severity === 'error').length;
  output.document({ ...files, valid: errors === 0, issues });
  for (const issue of issues) {
    output.line(`${issue.severity} ${describeIssue(issue)}`);
    if (issue.hint !== undefined) output.line(`  ${issue.hint}`);
  }
  output.line(`${errors} errors, ${issues.length - errors} warnings`);
  return errors > 0 ? foundSomething : 0;
}
