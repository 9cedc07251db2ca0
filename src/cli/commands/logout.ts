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
import { loginServers } from '../login-servers.ts';

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

function logout(run: CommandRun, names: readonly string[], all: boolean): Promise<number> {
  return withGateway(run, async (composition) => {
    const { output } = run;
    const targets = loginServers(composition.servers, names, all);
    if (targets.length === 0) throw new GatewayError('INVALID_ARGUMENTS', 'no server of the config has logins');
    const results = [];
    for (const server of targets) {
      const outcome = await composition.logins.logout(server);
      results.push({ server, outcome });
      output.line(`${server}: ${sentences[outcome]}`);
    }
    output.document({ servers: results });
    return 0;
  });
}
