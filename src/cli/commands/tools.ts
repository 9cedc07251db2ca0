// Owns `portico tools`: the tools of one server, or the servers, as an agent would see them.
import {
  type CliCommand,
  type CommandRun,
  type CommonOptions,
  commonOptions,
  runCommand,
  withGateway,
} from '../command.ts';
import { columns } from '../output.ts';
import { createTerminalHost } from '../terminal-host.ts';

export const toolsCommand: CliCommand = {
  add(program, context, finish) {
    commonOptions(program.command('tools'))
      .description('list the servers, or the tools of one server')
      .argument('[server]')
      .option('--agent <id>', 'look as this agent of the rules')
      .action((server: string | undefined, options: CommonOptions) =>
        finish(
          runCommand(context, options, (run) => (server === undefined ? listServers(run) : listTools(run, server))),
        ),
      );
  },
};

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
  return withGateway(run, async ({ gateway }) => {
    const { output, context } = run;
    const detail = output.isJson ? 'full' : 'brief';
    const listed = await gateway.getServerTools(
      { server, detail, fresh: true, ...(detail === 'brief' && { maxSchemaTokens: Number.MAX_SAFE_INTEGER }) },
      createTerminalHost(context, output),
    );
    output.document(listed);
    for (const tool of listed.tools) {
      const { name, parameters, description } = tool as { name: string; parameters?: string; description?: string };
      output.line(`${name}${parameters ?? ''}`);
      if (description !== undefined) output.line(`    ${description}`);
    }
    return 0;
  });
}
