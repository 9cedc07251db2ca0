// Owns how the doctor goes through the servers of a config: what each is examined with, and where it ends.
import { version as nodeVersion } from 'node:process';
import { type DoctorReport, type DoctorStep, skippedStep } from './auth/trace/report.ts';
import { secretsOf } from './auth/trace/secrets.ts';
import { scrub } from './auth/trace/text.ts';
import type {
  ConfiguredServer,
  HttpServerEntry,
  LoadedServers,
  ServerEntry,
  StdioServerEntry,
} from './config/server-entry.ts';
import { shortUntrusted, type UntrustedFile } from './config/untrusted-file.ts';
import { openTrace, type Trace } from './doctor-trace-wiring.ts';
import { judgeTrial, trialEntry, tryServer, withSteps } from './doctor-trial-wiring.ts';
import type { LoginShell } from './downstream/login-shell.ts';
import { createServerPool, type ServerPool } from './downstream/pool.ts';
import { GatewayError } from './errors.ts';
import { createInputs } from './input-wiring.ts';
import type { FetchLike } from './lib/fetch-like.ts';
import type { LogPort } from './lib/log-port.ts';
import { nearestNames } from './lib/nearest-name.ts';
import { orAborted } from './lib/or-aborted.ts';
import { findPaths } from './paths.ts';
import type { Environment, Settings } from './settings.ts';

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
  /** Calls back at the very end, when nothing asynchronous can run any more. */
  onExit(listener: () => void): void;
  /** Ends what was started, and the examination with it. */
  readonly signal?: AbortSignal | undefined;
}

/** What `portico doctor --json` prints. */
export interface DoctorResult {
  readonly portico_version: string;
  readonly node_version: string;
  readonly platform: string;
  readonly servers_file: string;
  /** Why it is that one. */
  readonly servers_file_from: string;
  readonly rules_file: string | null;
  /** Files that were found and that nobody trusted: nothing of the config is used, and no server was examined. */
  readonly untrusted: readonly string[];
  readonly config_directory: string;
  readonly token_directory: string;
  readonly cache_directory: string;
  readonly log_directory: string;
  readonly audit_log: string | null;
  readonly servers: readonly DoctorReport[];
}

/** So many servers are asked at a time. */
const parallel = 4;

/**
 * `names`: empty means every server.
 * @throws GatewayError CONFIG_INVALID, SERVER_NOT_FOUND, CANCELLED
 */
export async function runDoctor(deps: DoctorDeps, settings: Settings, names: readonly string[]): Promise<DoctorResult> {
  const { readConfig } = await import('./read-config.ts');
  const { open: openInputs } = createInputs(deps, settings);
  const found = await readConfig(deps, settings, { untrusted: 'read', openInputs });
  const { servers: loaded, rules, origin, untrusted } = found;
  const paths = findPaths({ env: deps.env, cwd: deps.cwd, tokenDir: settings.tokenDir });
  const chosen = chooseServers(loaded.servers, names);
  const about = {
    portico_version: deps.version,
    node_version: nodeVersion,
    platform: deps.platform,
    servers_file: loaded.path,
    servers_file_from: origin,
    rules_file: rules?.path ?? null,
    untrusted: untrusted.map(({ file }) => file),
    config_directory: paths.configDir,
    token_directory: paths.tokenDir,
    cache_directory: paths.cacheDir,
    log_directory: paths.logDir,
    audit_log: paths.auditFile ?? null,
  };
  const [stranger] = untrusted;
  if (stranger) return { ...about, servers: chosen.map(({ name }) => untrustedReport(name, stranger)) };
  const trace = await openTrace(deps, paths.tokenDir, chosen);
  const { createLoginShell } = await import('./downstream/login-shell.ts');
  const loginShell = createLoginShell(deps, { ask: settings.askShell });
  const trials = openTrials({ ...deps, loginShell }, chosen, trace);
  const instruments = { trace, trials, loginShell, doubtedOf: doubts(deps, paths.pinsDir) };
  try {
    const isNamed = names.length > 0;
    const examining = inTurns(chosen, (server) => examine(deps, { loaded, server, named: isNamed }, instruments));
    return { ...about, servers: await orAborted(examining, deps.signal) };
  } finally {
    await trials.close();
    loginShell.close();
    await trace?.close();
  }
}

function untrustedReport(server: string, untrusted: UntrustedFile): DoctorReport {
  const summary = `not examined: ${shortUntrusted(untrusted)}`;
  const fix = { command: 'portico trust', explanation: 'It shows what the file would start, and asks.' };
  const step: DoctorStep = { step: 'config', status: 'failed', summary, facts: { file: untrusted.file }, fix };
  return { server, verdict: { kind: 'problem', summary, step: 'config', fix }, steps: [step] };
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

/** Opens servers as the gateway does: so many at a time, and each of them ended for certain. */
function openTrials(
  deps: DoctorDeps & { readonly loginShell: LoginShell },
  chosen: readonly ConfiguredServer[],
  trace: Trace | undefined,
): Pick<ServerPool, 'get' | 'close'> {
  const fetchFor = (entry: HttpServerEntry): FetchLike => {
    if (!trace) throw new GatewayError('INTERNAL', 'an HTTP server is examined without the parts for it');
    return trace.fetchFor(entry);
  };
  const entries = chosen.flatMap((server) => (server.state === 'usable' ? [trialEntry(server.entry)] : []));
  const pool = createServerPool({ ...deps, fetchFor }, { entries });
  deps.onExit(() => pool.killNow());
  return pool;
}

interface Patient {
  readonly loaded: LoadedServers;
  readonly server: ConfiguredServer;
  /** A disabled server is examined where its name was typed. */
  readonly named: boolean;
}

interface Instruments {
  readonly trace: Trace | undefined;
  readonly trials: Pick<ServerPool, 'get'>;
  readonly loginShell: LoginShell;
  readonly doubtedOf: (entry: ServerEntry) => Parameters<typeof tryServer>[2];
}

/** Compares with what was agreed to, and agrees to nothing. */
function doubts(deps: DoctorDeps, directory: string): Instruments['doubtedOf'] {
  return (entry) => {
    const { name: server, toolPinning } = entry;
    if (toolPinning === undefined) return undefined;
    return async (tools) => {
      const { changesOf } = await import('./pinning-wiring.ts');
      const changes = await changesOf({ ...deps, directory }, entry, tools);
      const names = [...(changes?.changed ?? []), ...(changes?.added ?? [])];
      return names.length === 0 ? undefined : { server, names, isBlocked: toolPinning === 'block' };
    };
  };
}

async function examine(deps: DoctorDeps, patient: Patient, instruments: Instruments): Promise<DoctorReport> {
  const { trace } = instruments;
  const { loaded, server, named } = patient;
  const issues = loaded.issues.filter((issue) => issue.server === server.name);
  const config = { file: loaded.path, issues };
  if (server.state === 'broken') {
    const { judgeBrokenConfig } = await import('./auth/trace/config.ts');
    return brokenReport(server, judgeBrokenConfig(server, config), named);
  }
  const { entry } = server;
  if (entry.disabled && !named) return { server: server.name, verdict: disabled, steps: [] };
  if (entry.kind === 'stdio') return await examineCommand(deps, { entry, file: config.file }, instruments);
  if (!trace) throw new GatewayError('INTERNAL', 'an HTTP server is examined without the parts for it');
  const { traceLogin } = await import('./auth/trace/trace-login.ts');
  const report = await traceLogin(trace.depsFor(entry), { entry, config, tokenDirectory: trace.tokenDirectory });
  return await withList(report, entry, instruments);
}

/** A server that could be used right now is asked for its tools. */
async function withList(
  report: DoctorReport,
  entry: HttpServerEntry,
  { trials, doubtedOf }: Pick<Instruments, 'trials' | 'doubtedOf'>,
): Promise<DoctorReport> {
  const { verdict, steps } = report;
  const token = steps.find(({ step }) => step === 'token');
  const mayList = verdict.kind === 'ok' && (token === undefined || token.status !== 'skipped' || isOpen(steps));
  if (!mayList) {
    const why =
      verdict.kind === 'ok' ? 'the next call gets a token first; the doctor changes none' : 'comes after the login';
    return withSteps(report, [skippedStep('list', why)]);
  }
  const trial = await tryServer(trials, entry.name, doubtedOf(entry));
  return withSteps(report, scrub(judgeTrial(trial, 'http'), secretsOf(entry, undefined)));
}

/** No login is asked for. */
function isOpen(steps: readonly DoctorStep[]): boolean {
  return steps.some(
    ({ step, facts }) => step === 'challenge' && typeof facts['status'] === 'number' && facts['status'] < 300,
  );
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

/** A local command has no login: it is looked for, started, and asked for its tools. */
async function examineCommand(
  deps: DoctorDeps,
  { entry, file }: { readonly entry: StdioServerEntry; readonly file: string },
  { trials, loginShell, doubtedOf }: Omit<Instruments, 'trace'>,
): Promise<DoctorReport> {
  const { findCommand } = await import('./downstream/find-command.ts');
  const facts = { file, command: entry.command, disabled: entry.disabled };
  const config: DoctorStep = {
    step: 'config',
    status: 'ok',
    summary: `stdio, ${entry.command}: a local command, without a login`,
    facts,
  };
  try {
    const found = await findCommand(entry, { ...deps, loginShell });
    const elsewhere = found.source === 'login shell' || found.source === 'usual place';
    const command = {
      step: 'command',
      status: 'ok',
      summary: `found at ${found.file}${elsewhere ? ` (${found.source}; not on PATH)` : ''}`,
      facts: { path: found.file, found_by: found.source },
    } as const;
    const steps = judgeTrial(await tryServer(trials, entry.name, doubtedOf(entry)), 'stdio');
    const summary = steps.at(-1)?.summary ?? '';
    return withSteps({ server: entry.name, verdict: { kind: 'ok', summary }, steps: [config, command] }, steps);
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
