// Owns how the status reads in a terminal, and how what one process sees is joined with what running gateways tell. Pure.
import type { GatewayRecord, LoginHolder, RecordedServer } from '../status-wiring.ts';
import { columns, counted } from './output.ts';
import { terminalWidth, wrapped } from './wrapped.ts';

/** One server of `status --json`. Instants are ISO 8601. */
export interface StatusRow {
  readonly server: string;
  readonly transport: string;
  readonly state: string;
  readonly protocol: string | null;
  readonly account: string | null;
  readonly scope: string | null;
  /** Of the access token. */
  readonly expires_at: string | null;
  readonly last_error: string | null;
  readonly open_login: LoginHolder | null;
  /** Tools that are not as they were agreed to, by what is known; null: they are not pinned. */
  readonly tool_changes: readonly string[] | null;
}

/** What says most of a server that several gateways have open, the most first. */
const tellingStates = ['ready', 'connecting', 'failed', 'needs_login'];

/** The row, and of the gateways that have this server the one that says most of it. */
export function mergedRow(row: StatusRow, gateways: readonly Pick<GatewayRecord, 'servers'>[]): StatusRow {
  const told = gateways
    .flatMap(({ servers }) => servers)
    .filter(({ server, state }) => server === row.server && tellingStates.includes(state))
    .sort((one, other) => tellingStates.indexOf(one.state) - tellingStates.indexOf(other.state))[0];
  // What is known here of the entry, or of a login that is open or was made since, is newer.
  const isSettled = row.state === 'disabled' || row.state === 'failed' || row.state === 'login_pending';
  if (!told || isSettled || (told.state === 'needs_login' && row.state === 'logged_in')) return row;
  return {
    ...row,
    state: told.state,
    protocol: told.protocol ?? row.protocol,
    last_error: row.last_error ?? told.last_error,
  };
}

type Cell = { readonly head: string; readonly of: (row: StatusRow, now: number) => string | null };

const always: readonly Cell[] = [
  { head: 'SERVER', of: ({ server }) => server },
  { head: 'TRANSPORT', of: ({ transport }) => transport },
  { head: 'STATE', of: ({ state }) => state },
];

/** Left out where no server has them. */
const whereKnown: readonly Cell[] = [
  { head: 'PROTOCOL', of: ({ protocol }) => protocol },
  { head: 'ACCOUNT', of: ({ account }) => account },
  { head: 'EXPIRES', of: ({ expires_at }, now) => expires_at && untilText(expires_at, now) },
  { head: 'SCOPE', of: ({ scope }) => scope },
];

/** A line for each server; below it, what does not fit into 80 columns, and what went wrong. */
export function serverLines(rows: readonly StatusRow[], now: number): readonly string[] {
  const used = [...always, ...whereKnown.filter(({ of }) => rows.some((row) => of(row, now) !== null))];
  const scopesFit = table(rows, used, now).every((line) => line.length <= terminalWidth);
  const cells = scopesFit ? used : used.filter(({ head }) => head !== 'SCOPE');
  const [head = '', ...lines] = table(rows, cells, now);
  return [
    head,
    ...rows.flatMap((row, index) => [
      lines[index] ?? '',
      ...(scopesFit || row.scope === null ? [] : wrapped(`scope: ${row.scope}`, '  ', '    ')),
      ...(row.open_login === null ? [] : wrapped(`login open in ${holderText(row.open_login, now)}`, '  ', '    ')),
      ...(row.last_error === null ? [] : wrapped(row.last_error, '  ', '  ')),
      ...changeLines(row),
    ]),
  ];
}

function changeLines({ server, tool_changes: names }: StatusRow): readonly string[] {
  if (names === null || names.length === 0) return [];
  return wrapped(`${counted(names.length, 'tool')} not agreed to: portico tools ${server}`, '  ', '    ');
}

function table(rows: readonly StatusRow[], cells: readonly Cell[], now: number): readonly string[] {
  return columns([cells.map(({ head }) => head), ...rows.map((row) => cells.map(({ of }) => of(row, now) ?? '-'))]);
}

/** `told`: rows that were shown before; an error that stands there is not told twice. */
export function gatewayLines(
  gateways: readonly GatewayRecord[],
  told: readonly StatusRow[],
  now: number,
): readonly string[] {
  const errors = new Set(told.map(({ last_error }) => last_error));
  return gateways.flatMap((gateway) => ['', ...linesOf(gateway, errors, now)]);
}

function linesOf(gateway: GatewayRecord, told: ReadonlySet<string | null>, now: number): readonly string[] {
  const { pid, host, client, agent, started_at, portico_version, servers_file, config_error, servers } = gateway;
  const who = [client, agent === null ? null : `agent ${agent}`].filter((text) => text !== null);
  const about = [
    `gateway ${pid} on ${host}${who.length > 0 ? ` (${who.join(', ')})` : ''}`,
    `running for ${durationText(now - Date.parse(started_at))}`,
    `version ${portico_version}`,
  ].join(', ');
  const open = servers.filter(({ state, pids }) => tellingStates.includes(state) || pids.length > 0);
  const silent = servers.length - open.length;
  return [
    ...wrapped(about, '', '  '),
    ...(servers_file === null ? [] : wrapped(`config: ${servers_file}`, '  ', '    ')),
    ...(config_error === null ? [] : wrapped(`config not in force: ${config_error}`, '  ', '  ')),
    ...open.flatMap((server) => openServerLines(server, told, now)),
    ...(silent > 0 ? [`  ${counted(silent, `${open.length > 0 ? 'other ' : ''}server`)} not in use`] : []),
  ];
}

function openServerLines(server: RecordedServer, told: ReadonlySet<string | null>, now: number): readonly string[] {
  const { server: name, state, pids, since, last_error, next_try_at } = server;
  const parts = [
    `${name}: ${state}`,
    ...(pids.length > 0 ? [`pid ${pids.join(', ')}`] : []),
    ...(since === null ? [] : [`for ${durationText(now - Date.parse(since))}`]),
    ...(next_try_at === null ? [] : [`next try ${nextText(next_try_at, now)}`]),
  ];
  const error = last_error === null || told.has(last_error) ? [] : wrapped(last_error, '    ', '    ');
  return [...wrapped(parts.join(', '), '  ', '    '), ...error];
}

function holderText({ pid, host, since }: LoginHolder, now: number): string {
  return `process ${pid} on ${host} for ${durationText(now - Date.parse(since))}`;
}

function untilText(instant: string, now: number): string {
  const left = Date.parse(instant) - now;
  if (Number.isNaN(left)) return '-';
  return left <= 0 ? 'expired' : `in ${durationText(left)}`;
}

/** A time that has passed: the server is tried again when it is wanted. */
function nextText(instant: string, now: number): string {
  return Date.parse(instant) > now ? untilText(instant, now) : 'with the next call';
}

/** The two largest units that say something: `40 s`, `3 h 5 min`, `12 d`. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (minutes < 1) return `${seconds} s`;
  if (hours < 1) return `${minutes} min`;
  if (days < 1) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return days >= 10 || hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`;
}
