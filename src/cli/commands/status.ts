// Owns `portico status`: one line per server, from the files alone; it starts and contacts nothing.
import type { Composition } from '../../compose.ts';
import type { ConfiguredServer } from '../../config/server-entry.ts';
import { errorText } from '../../errors.ts';
import {
  type CliCommand,
  type CommandRun,
  type CommonOptions,
  commonOptions,
  runCommand,
  withGateway,
} from '../command.ts';
import { columns } from '../output.ts';

interface StatusRow {
  readonly server: string;
  readonly transport: string;
  readonly state: string;
  readonly protocol: string | null;
  readonly account: string | null;
  readonly scope: string | null;
  readonly expires_at: string | null;
  readonly last_error: string | null;
}

export const statusCommand: CliCommand = {
  add(program, context, finish) {
    commonOptions(program.command('status'))
      .description('one line per server')
      .action((options: CommonOptions) => finish(runCommand(context, options, status)));
  },
};

function status(run: CommandRun): Promise<number> {
  return withGateway(run, async ({ servers, logins, source }) => {
    const { output } = run;
    const rows = await Promise.all([...servers.values()].map((server) => statusOf(server, logins)));
    output.document({ servers_file: source.serversFile, rules_file: source.rulesFile ?? null, servers: rows });
    const table = rows.map((row) => [
      row.server,
      row.transport,
      row.state,
      row.protocol ?? '-',
      row.account ?? '-',
      row.scope ?? '-',
      row.expires_at ?? '-',
      row.last_error ?? '-',
    ]);
    const head = ['SERVER', 'TRANSPORT', 'STATE', 'PROTOCOL', 'ACCOUNT', 'SCOPE', 'EXPIRES', 'LAST ERROR'];
    for (const line of columns([head, ...table])) output.line(line);
    return 0;
  });
}

async function statusOf(server: ConfiguredServer, logins: Composition['logins']): Promise<StatusRow> {
  const empty = { server: server.name, protocol: null, account: null, scope: null, expires_at: null, last_error: null };
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
    if (login.kind === 'pending') return { ...known, transport, state: 'login_pending' };
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
