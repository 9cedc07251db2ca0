// Owns `portico tools`: the tools of one server, or the servers, as an agent would see them.
import { GatewayError } from '../../errors.ts';
import { type ApproveOptions, approveTools } from '../approve-tools.ts';
import {
  type CliCommand,
  type CommandRun,
  type CommonOptions,
  commonOptions,
  runCommand,
  withGateway,
} from '../command.ts';
import { columns, counted } from '../output.ts';
import { createTerminalHost } from '../terminal-host.ts';
import { differenceLines } from '../tool-differences.ts';

interface ToolsOptions extends CommonOptions, ApproveOptions {
  readonly approve?: boolean;
}

export const toolsCommand: CliCommand = {
  add(program, context, finish) {
    commonOptions(program.command('tools'))
      .description('list the servers, or the tools of one server')
      .argument('[server]')
      .option('--agent <id>', 'look as this agent of the rules')
      .option('--approve', 'show what of a server with "toolPinning" has changed, and agree to it')
      .option('--yes', 'with --approve: do not ask')
      .action((server: string | undefined, options: ToolsOptions) =>
        finish(
          runCommand(context, options, (run) => {
            if (options.approve) return approveTools(run, named(server), options);
            return server === undefined ? listServers(run) : listTools(run, server);
          }),
        ),
      );
  },
};

function named(server: string | undefined): string {
  if (server !== undefined) return server;
  const hint = 'portico tools SERVER --approve';
  throw new GatewayError('INVALID_ARGUMENTS', '--approve is for the tools of one server', { hint });
}

function listServers(run: CommandRun): Promise<number> {
  return withGateway(run, async ({ gateway }) => {
    const { output, context } = run;
    const listed = await gateway.listServers({ includeMetadata: false }, createTerminalHost(context, output));
    output.document(listed);
    const rows = listed.servers.map(({ name, state, description, hint }) => [name, state, hint ?? description ?? '']);
    for (const line of columns(rows)) output.line(line);
    if (rows.length === 0) output.line('there is no server that this agent may use');
    return 0;
  });
}

function listTools(run: CommandRun, server: string): Promise<number> {
  return withGateway(run, async ({ gateway, pins }) => {
    const { output, context } = run;
    const host = createTerminalHost(context, output);
    const detail = output.isJson ? 'full' : 'brief';
    const listed = await gateway.getServerTools(
      { server, detail, fresh: true, ...(detail === 'brief' && { maxSchemaTokens: Number.MAX_SAFE_INTEGER }) },
      host,
    );
    const differences = listed.tool_changes ? ((await pins.compare(server, host))?.differences ?? []) : [];
    output.document(differences.length === 0 ? listed : { ...listed, differences });
    for (const tool of listed.tools) {
      const { name, parameters, description } = tool as { name: string; parameters?: string; description?: string };
      output.line(`${name}${parameters ?? ''}`);
      if (description !== undefined) output.line(`    ${description}`);
    }
    for (const line of differenceLines(differences)) output.line(line);
    if (differences.length > 0) {
      const what = listed.tool_changes?.blocked ? 'not agreed to, and kept from agents' : 'not agreed to';
      output.line(`\n${counted(differences.length, 'tool')} ${what}. To agree: portico tools ${server} --approve`);
    }
    return 0;
  });
}
