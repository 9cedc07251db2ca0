// Owns `portico logout`: end logins at the authorization server where it offers that, and delete them here.
import { GatewayError } from '../../errors.ts';
import {
  type CliCommand,
  type CommandRun,
  type CommonOptions,
  commonOptions,
  runCommand,
  withGateway,
} from '../command.ts';
import { readConfigWithInputs } from '../config-with-inputs.ts';
import { canLogIn, loginServers } from '../login-servers.ts';
import { inputsToForget } from '../needed-inputs.ts';
import { counted } from '../output.ts';

interface LogoutOptions extends CommonOptions {
  readonly all?: boolean;
}

const sentences = {
  revoked: 'revoked at the authorization server, and deleted here',
  deleted: 'deleted here; the authorization server was not told, its tokens live until they expire',
  nothing: 'there was no login',
} as const;

export const logoutCommand: CliCommand = {
  add(program, context, finish) {
    commonOptions(program.command('logout'))
      .description('revoke and delete logins')
      .argument('[servers...]')
      .option('--all', 'every server with a login')
      .action((servers: string[], options: LogoutOptions) =>
        finish(runCommand(context, options, (run) => logout(run, servers, options.all ?? false))),
      );
  },
};

async function logout(run: CommandRun, names: readonly string[], all: boolean): Promise<number> {
  const { output } = run;
  const { servers: loaded, inputs } = await readConfigWithInputs(run);
  const targets = loginServers(loaded.servers, names, all, loaded.inputs);
  if (targets.length === 0) throw new GatewayError('INVALID_ARGUMENTS', 'no server of the config has logins');
  return await withGateway(run, async ({ servers, logins }) => {
    const results = [];
    for (const server of targets) {
      const configured = servers.get(server);
      const outcome = configured && canLogIn(configured) ? await logins.logout(server) : 'nothing';
      // After the login: to revoke it may take what is forgotten here.
      const forgotten = await inputs.forget(inputsToForget(loaded.inputs, server, targets));
      results.push({ server, outcome, ...(forgotten > 0 && { inputs_forgotten: forgotten }) });
      if (outcome !== 'nothing' || forgotten === 0) output.line(`${server}: ${sentences[outcome]}`);
      if (forgotten > 0) output.line(`${server}: ${counted(forgotten, 'value')} forgotten that it was given`);
    }
    output.document({ servers: results });
    return 0;
  });
}
