// Owns how the doctor is put together: the config, the parts of a login, and the local commands. Loads what speaks HTTP
// and OAuth only where a server needs it.
import { version as nodeVersion } from 'node:process';
import type { DoctorReport, DoctorStep } from './auth/trace/report.ts';
import type { TraceDeps } from './auth/trace/trace-login.ts';
import type { ConfiguredServer, HttpServerEntry, LoadedServers, StdioServerEntry } from './config/server-entry.ts';
import type { LoginShell } from './downstream/login-shell.ts';
import { GatewayError } from './errors.ts';
import type { LogPort } from './lib/log-port.ts';
import { nearestNames } from './lib/nearest-name.ts';
import { findPaths } from './paths.ts';
import type { Environment, Settings } from './settings.ts';
import { openTokenStore } from './token-store-wiring.ts';

export type { DoctorReport, DoctorStep, Finding, TriedUrl } from './auth/trace/report.ts';

export interface DoctorDeps {
  readonly env: Environment;
  readonly cwd: string;
  readonly platform: NodeJS.Platform;
  readonly execPath: string;
  readonly version: string;
  readonly log: LogPort;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** What `portico doctor --json` prints. */
export interface DoctorResult {
  readonly portico_version: string;
  readonly node_version: string;
  readonly platform: string;
  readonly servers_file: string;
  readonly rules_file: string | null;
  readonly token_directory: string;
  readonly servers: readonly DoctorReport[];
}

/** So many servers are asked at a time. */
const parallel = 4;

/** `names`: empty means every server. @throws GatewayError CONFIG_INVALID, SERVER_NOT_FOUND */
export async function runDoctor(deps: DoctorDeps, settings: Settings, names: readonly string[]): Promise<DoctorResult> {
  const { readConfig } = await import('./read-config.ts');
  const { servers: loaded, rules } = await readConfig(deps, settings);
  const tokenDirectory = findPaths({ env: deps.env, cwd: deps.cwd, tokenDir: settings.tokenDir }).tokenDir;
  const chosen = chooseServers(loaded.servers, names);
  const trace = await openTrace(deps, tokenDirectory, chosen);
  const { createLoginShell } = await import('./downstream/login-shell.ts');
  const loginShell = createLoginShell(deps, { ask: settings.askShell });
  try {
    const servers = await inTurns(chosen, (server) =>
      examine({ ...deps, loginShell }, { loaded, server, named: names.length > 0 }, trace),
    );
    return {
      portico_version: deps.version,
      node_version: nodeVersion,
      platform: deps.platform,
      servers_file: loaded.path,
      rules_file: rules?.path ?? null,
      token_directory: tokenDirectory,
      servers,
    };
  } finally {
    loginShell.close();
    await trace?.close();
  }
}

function chooseServers(
  servers: ReadonlyMap<string, ConfiguredServer>,
  names: readonly string[],
): readonly ConfiguredServer[] {
  if (names.length === 0) return [...servers.values()];
  return [...new Set(names)].map((name) => {
    const server = servers.get(name);
    if (server) return server;
    const near = nearestNames(name, servers.keys());
    throw new GatewayError('SERVER_NOT_FOUND', `no server is called '${name}'`, {
      server: name,
      hint: near.length > 0 ? `Did you mean ${near.join(', ')}?` : 'portico status shows the names.',
    });
  });
}

interface Trace {
  depsFor(entry: HttpServerEntry): TraceDeps;
  readonly tokenDirectory: string;
  close(): Promise<void>;
}

/** The parts of a login, as login-wiring.ts puts them together; undefined where no server needs them. */
async function openTrace(
  deps: DoctorDeps,
  tokenDirectory: string,
  chosen: readonly ConfiguredServer[],
): Promise<Trace | undefined> {
  if (!chosen.some((server) => server.state === 'usable' && server.entry.kind === 'http')) return undefined;
  const [{ lookup }, { guardStrangers }, { createLoginLeases }, { createHttpFetch }, { createFileLock }, store] =
    await Promise.all([
      import('node:dns/promises'),
      import('./auth/address-rule.ts'),
      import('./auth/login-lease.ts'),
      import('./lib/http-fetch.ts'),
      import('./lib/file-lock.ts'),
      openTokenStore(deps, tokenDirectory),
    ]);
  const http = createHttpFetch(deps.env);
  const lock = createFileLock();
  const { env, now, log } = deps;
  const parts = {
    store,
    leases: createLoginLeases({ lock, now, log }, { directory: tokenDirectory }),
    lookUp: async (hostname: string) => (await lookup(hostname, { all: true })).map(({ address }) => address),
    env,
    now,
  };
  return {
    // What a login may not ask, the doctor may not ask either.
    depsFor: ({ url: serverUrl, oauth }) => {
      const issuer = oauth === false ? undefined : oauth.issuer;
      return { ...parts, fetch: guardStrangers(http, { serverUrl, issuer }) };
    },
    tokenDirectory,
    close: http.close,
  };
}

type CommandDeps = DoctorDeps & { readonly loginShell: LoginShell };

interface Patient {
  readonly loaded: LoadedServers;
  readonly server: ConfiguredServer;
  /** A disabled server is examined where its name was typed. */
  readonly named: boolean;
}

async function examine(deps: CommandDeps, patient: Patient, trace: Trace | undefined): Promise<DoctorReport> {
  const { loaded, server, named } = patient;
  const issues = loaded.issues.filter((issue) => issue.server === server.name);
  const config = { file: loaded.path, issues };
  if (server.state === 'broken') {
    const { judgeBrokenConfig } = await import('./auth/trace/config.ts');
    return brokenReport(server, judgeBrokenConfig(server, config), named);
  }
  const { entry } = server;
  if (entry.disabled && !named) return { server: server.name, verdict: disabled, steps: [] };
  if (entry.kind === 'stdio') return await examineCommand(deps, entry, config.file);
  if (!trace) throw new GatewayError('INTERNAL', 'an HTTP server is examined without the parts for it');
  const { traceLogin } = await import('./auth/trace/trace-login.ts');
  return await traceLogin(trace.depsFor(entry), { entry, config, tokenDirectory: trace.tokenDirectory });
}

const disabled = { kind: 'skipped', summary: 'disabled in the config' } as const;

function brokenReport(
  server: Extract<ConfiguredServer, { state: 'broken' }>,
  step: DoctorStep,
  named: boolean,
): DoctorReport {
  if (server.disabled && !named) return { server: server.name, verdict: disabled, steps: [step] };
  const { summary, fix } = step;
  const verdict = { kind: 'problem', summary, step: step.step, ...(fix && { fix }) } as const;
  return { server: server.name, verdict, steps: [step] };
}

/** A local command has no login: it is looked for, and not started. */
async function examineCommand(deps: CommandDeps, entry: StdioServerEntry, file: string): Promise<DoctorReport> {
  const { findCommand } = await import('./downstream/find-command.ts');
  const facts = { file, command: entry.command, disabled: entry.disabled };
  const config: DoctorStep = {
    step: 'config',
    status: 'ok',
    summary: `stdio, ${entry.command}: a local command, without a login`,
    facts,
  };
  try {
    const found = await findCommand(entry, deps);
    const elsewhere = found.source === 'login shell' || found.source === 'usual place';
    const how = elsewhere ? ` (${found.source}; not on PATH)` : '';
    const summary = `found at ${found.file}${how}; not started`;
    const command: DoctorStep = {
      step: 'command',
      status: 'ok',
      summary,
      facts: { path: found.file, found_by: found.source },
    };
    return {
      server: entry.name,
      verdict: { kind: 'ok', summary: `the command was ${summary}` },
      steps: [config, command],
    };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const { message: summary, hint } = error;
    const fix = hint === undefined ? {} : { fix: { explanation: hint } };
    const command: DoctorStep = { step: 'command', status: 'failed', summary, facts: { path: null }, ...fix };
    const verdict = { kind: 'problem', summary, step: 'command', ...fix } as const;
    return { server: entry.name, verdict, steps: [config, command] };
  }
}

/** The results in the order of the items, a few at work at a time. */
async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const waiting = [...items.entries()];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [index, item] = next;
      results[index] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return results;
}
