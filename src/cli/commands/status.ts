// Owns `portico status`: one line per server, and what running gateways tell of theirs; it starts and contacts nothing.
import type { Composition } from '../../compose.ts';
import type { ConfiguredServer } from '../../config/server-entry.ts';
import { errorText, GatewayError } from '../../errors.ts';
import type { GatewayRecord, StatusDeps } from '../../status-wiring.ts';
import {
  type CliCommand,
  type CommandRun,
  type CommonOptions,
  commonOptions,
  runCommand,
  withGateway,
} from '../command.ts';
import { gatewayLines, mergedRow, type StatusRow, serverLines } from '../status-report.ts';
import { createTerminalLog } from '../terminal-log.ts';

export const statusCommand: CliCommand = {
  add(program, context, finish) {
    commonOptions(program.command('status'))
      .description('one line per server')
      .action((options: CommonOptions) => finish(runCommand(context, options, status)));
  },
};

async function status(run: CommandRun): Promise<number> {
  const { output, context } = run;
  const { runningGateways } = await import('../../status-wiring.ts');
  const deps: StatusDeps = { ...context, log: createTerminalLog(output) };
  const gateways = await runningGateways(deps);
  const tellGateways = (rows: readonly StatusRow[]): void => {
    for (const line of gatewayLines(gateways, rows, context.now())) output.line(line);
  };
  try {
    return await withGateway(run, async (composition) => {
      const rows = await rowsOf({ run, deps, gateways }, composition);
      const { serversFile, rulesFile } = composition.source;
      output.document({ servers_file: serversFile, rules_file: rulesFile ?? null, servers: rows, gateways });
      for (const line of serverLines(rows, context.now())) output.line(line);
      tellGateways(rows);
      return 0;
    });
  } catch (error) {
    // What runs goes on running with the config it was started with.
    if (error instanceof GatewayError && error.code === 'CONFIG_INVALID') tellGateways([]);
    throw error;
  }
}

interface Sources {
  readonly run: CommandRun;
  readonly deps: StatusDeps;
  readonly gateways: readonly GatewayRecord[];
}

async function rowsOf(sources: Sources, { servers, logins, source, pins }: Composition): Promise<readonly StatusRow[]> {
  // Gateways of other configs may have other servers of the same name.
  const related = sources.gateways.filter(({ servers_file }) => servers_file === source.serversFile);
  return await Promise.all(
    [...servers.values()].map(async (server) => {
      const row = mergedRow(await rowOf(sources, server, logins), related);
      const isPinned = server.state === 'usable' && server.entry.toolPinning !== undefined;
      return isPinned ? { ...row, tool_changes: await pins.changes(server.name) } : row;
    }),
  );
}

async function rowOf(
  { run, deps }: Sources,
  server: ConfiguredServer,
  logins: Composition['logins'],
): Promise<StatusRow> {
  const empty = {
    server: server.name,
    protocol: null,
    account: null,
    scope: null,
    expires_at: null,
    last_error: null,
    open_login: null,
    tool_changes: null,
  };
  if (server.state === 'broken') {
    return { ...empty, transport: '-', state: 'failed', last_error: server.issues[0]?.message ?? 'misconfigured' };
  }
  const { entry } = server;
  const known = { ...empty, protocol: entry.protocol === 'auto' ? null : entry.protocol };
  const state = entry.disabled ? 'disabled' : 'idle';
  if (entry.kind === 'stdio') return { ...known, transport: 'stdio', state };
  const transport = entry.transport === 'auto' ? 'http' : entry.transport;
  try {
    const login = await logins.status(server.name);
    if (login.kind === 'pending') {
      const { loginHolder } = await import('../../status-wiring.ts');
      const holder = (await loginHolder(deps, run.settings, entry)) ?? null;
      return { ...known, transport, state: 'login_pending', open_login: holder };
    }
    const warned = { ...known, last_error: 'warning' in login ? (login.warning ?? null) : null };
    if (login.kind !== 'logged_in') return { ...warned, transport, state };
    return {
      ...warned,
      transport,
      state: entry.disabled ? 'disabled' : 'logged_in',
      account: login.account ?? null,
      scope: login.scope ?? null,
      expires_at: login.expiresAt === undefined ? null : new Date(login.expiresAt).toISOString(),
    };
  } catch (error) {
    // One unreadable login file must not hide the other servers.
    return { ...known, transport, state: 'failed', last_error: errorText(error) };
  }
}
