// Owns `portico check`: what is wrong with the config and the rules, and where.
import { GatewayError } from '../../errors.ts';
import { type CliCommand, type CommandRun, type CommonOptions, commonOptions, runCommand } from '../command.ts';

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
    const errors = issues.filter(({ severity }) => severity === 'error');
    output.document({ servers_file: servers.path, rules_file: rules?.path ?? null, valid: errors.length === 0, issues });
    for (const { file, line, column, pointer, severity, message, hint } of issues) {
      output.line(`${file}:${line}:${column} ${severity} ${pointer === '' ? '' : `${pointer} `}${message}`);
      if (hint !== undefined) output.line(`  ${hint}`);
    }
    output.line(`${servers.path}: ${servers.servers.size} servers, ${errors.length} errors, ${issues.length - errors.length} warnings`);
    output.line(rules ? `${rules.path}: ${rules.rules.agents.size} agents` : 'no rules file: every agent may use everything');
    return errors.length > 0 ? foundSomething : 0;
  } catch (error) {
    // Here a file that cannot be read is a finding, and not a failure of the command.
    if (!(error instanceof GatewayError) || error.code !== 'CONFIG_INVALID') throw error;
    const { message, hint } = error;
    output.document({ valid: false, issues: [{ severity: 'error', message, hint }] });
    output.line(`error ${message}`);
    if (hint !== undefined) output.line(`  ${hint}`);
    return foundSomething;
  }
}
