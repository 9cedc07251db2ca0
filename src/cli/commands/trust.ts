// Owns `portico trust`: show what a config file of the working directory would start, and record that it may.
import { GatewayError } from '../../errors.ts';
import type { TrustCandidate } from '../../trust-wiring.ts';
import { askYesNo, mayAsk } from '../ask.ts';
import { type CliCommand, type CommandRun, type CommonOptions, commonOptions, runCommand } from '../command.ts';

interface TrustOptions extends CommonOptions {
  readonly yes?: boolean;
  readonly remove?: boolean;
}

const declined = 1;

export const trustCommand: CliCommand = {
  add(program, context, finish) {
    commonOptions(program.command('trust'))
      .description('agree to what a ./.mcp.json starts, as it is now; a changed one has to be agreed to again')
      .argument('[file]', 'default: .mcp.json in the working directory')
      .option('--yes', 'do not ask')
      .option('--remove', 'take the agreement back')
      .action((file: string | undefined, options: TrustOptions) =>
        finish(runCommand(context, options, (run) => (options.remove ? remove(run, file) : trust(run, file, options)))),
      );
  },
};

async function trust(run: CommandRun, file: string | undefined, { yes = false }: TrustOptions): Promise<number> {
  const { context, output, settings } = run;
  const { openTrustCandidate } = await import('../../trust-wiring.ts');
  const candidate = await openTrustCandidate(context, settings, file);
  for (const line of candidateLines(candidate)) output.line(line);
  const about = {
    file: candidate.file,
    rules_file: candidate.rulesFile ?? null,
    servers: candidate.plans.map(({ name, starts, env, headers, cwd }) => ({ name, starts, env, headers, cwd })),
  };
  if (candidate.trust === 'trusted') {
    output.document({ ...about, state: 'trusted', changed: false });
    output.line('It is trusted already, as it is.');
    return 0;
  }
  if (!yes && !(await agreed(run))) {
    output.line('Nothing was changed.');
    return declined;
  }
  const sha256 = await candidate.agree();
  output.document({ ...about, state: 'trusted', changed: true, sha256 });
  output.line('Trusted, as it is now. A gateway that refused it takes it up by itself.');
  return 0;
}

async function agreed(run: CommandRun): Promise<boolean> {
  if (mayAsk(run)) return await askYesNo(run, 'May Portico use this?');
  throw new GatewayError('INVALID_ARGUMENTS', 'there is no terminal to ask whether this may be used', {
    hint: 'Look at the file, then type: portico trust --yes',
  });
}

async function remove({ context, output, settings }: CommandRun, file: string | undefined): Promise<number> {
  const { distrust } = await import('../../trust-wiring.ts');
  const { file: path, removed } = await distrust(context, settings, file);
  output.document({ file: path, state: 'untrusted', changed: removed });
  output.line(removed ? `${path} is not trusted any more.` : `${path} was not trusted.`);
  return 0;
}

function candidateLines({ file, rulesFile, trust, plans }: TrustCandidate): readonly string[] {
  const lines = [`${file}${trust === 'changed' ? ' has changed since it was trusted. It' : ''} would use:`];
  for (const { name, starts, env, headers, cwd } of plans) {
    lines.push(`  ${name}`, `    ${starts}`);
    if (cwd !== undefined) lines.push(`    in ${cwd}`);
    if (env.length > 0) lines.push(`    with the variables ${env.join(', ')}`);
    if (headers.length > 0) lines.push(`    with the headers ${headers.join(', ')}`);
  }
  if (plans.length === 0) lines.push('  no servers');
  if (rulesFile !== undefined) lines.push(`  and the rules of ${rulesFile}`);
  return lines;
}
