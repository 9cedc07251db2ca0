// Owns the way of a changed config into a running gateway: read whole, judged against what is in force, and put in
// force at one moment. One reading at a time.
import type { FileWatch } from './config/watch-files.ts';
import type { ConfigChange } from './gateway/config-news.ts';
import type { ConfigSource, ConfigState, LiveConfig } from './gateway/live-config.ts';
import { firstConfig, nextConfig, type ReadFiles } from './gateway/next-config.ts';
import { createInputs } from './input-wiring.ts';
import type { LogPort } from './lib/log-port.ts';
import type { ReadConfig } from './read-config.ts';
import { configCandidates, readConfig } from './read-config.ts';
import type { Environment, Settings } from './settings.ts';

export interface ConfigFilesDeps {
  readonly env: Environment;
  readonly cwd: string;
  readonly log: LogPort;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** The config files of one gateway, and what of them is in force. */
export interface ConfigFiles extends LiveConfig {
  /** Who puts a new state in force, right after it became the current one; one. */
  onApplied: ((before: ConfigState, change: ConfigChange) => void) | undefined;
  /** Reads again, and applies what changed. Resolves when what is in force is of a reading begun after the call. */
  reload(): Promise<void>;
  /** From now on changes are noticed, unless the settings say otherwise. */
  watch(): void;
  close(): Promise<void>;
}

/** A file that cannot be used is read again after so long: perhaps somebody has allowed it since. Milliseconds. */
const retryMs = 2000;

/**
 * `isServing`: what is wrong is told by the log; and without a config that can be used there is one all the same, which
 * refuses every call, until there is.
 * @throws GatewayError CONFIG_INVALID
 */
export async function openConfigFiles(
  deps: ConfigFilesDeps,
  settings: Settings,
  { isServing }: { readonly isServing: boolean },
): Promise<ConfigFiles> {
  let found: { readonly path: string; readonly origin: ReadConfig['origin'] } | undefined;
  const inputs = createInputs(deps, settings);
  let usesInputs = false;
  const read = async (): Promise<ReadFiles> => {
    try {
      // Which servers file it is, is settled by the first that can be used: another one is another gateway.
      const files = await readConfig(deps, settings, { inUse: found, openInputs: inputs.open });
      usesInputs = files.servers.inputs.size > 0;
      found ??= { path: files.servers.path, origin: files.origin };
      return files;
    } catch (failure) {
      return { failure };
    }
  };
  const first = await read();
  if ('failure' in first && !isServing) throw first.failure;
  const candidates = (): readonly string[] => [
    ...configCandidates(deps, settings, found?.path),
    // Another process puts in there what somebody was asked for.
    ...(usesInputs ? [inputs.file] : []),
  ];
  const state = firstConfig(first, candidates()[0] ?? '', deps.now());
  if (isServing) reportConfig(state.source, deps.log);
  return new WatchedConfigFiles({ ...deps, read, candidates }, settings.watch, state);
}

/** What is wrong with the files in force, as lines of the log. */
function reportConfig({ issues, rulesFile, problem }: ConfigSource, log: LogPort): void {
  if (problem) {
    log.error({ hint: problem.hint }, problem.message);
    return;
  }
  for (const { severity, file, line, column, pointer, message, hint, server } of issues) {
    log[severity === 'error' ? 'error' : 'warn']({ file: `${file}:${line}:${column}`, pointer, server, hint }, message);
  }
  if (rulesFile === undefined) log.warn({}, 'no rules file: one agent, and it may use everything');
}

interface WatchedDeps extends ConfigFilesDeps {
  readonly read: () => Promise<ReadFiles>;
  readonly candidates: () => readonly string[];
}

class WatchedConfigFiles implements ConfigFiles {
  onApplied: ConfigFiles['onApplied'];
  readonly #deps: WatchedDeps;
  readonly #mode: Settings['watch'];
  #current: ConfigState;
  #reading: Promise<void> = Promise.resolve();
  /** A reading that has not begun yet, and is good for everybody who asks until then. */
  #next: Promise<void> | undefined;
  #watch: Promise<FileWatch> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(deps: WatchedDeps, mode: Settings['watch'], state: ConfigState) {
    this.#deps = deps;
    this.#mode = mode;
    this.#current = state;
  }

  get current(): ConfigState {
    return this.#current;
  }

  reload(): Promise<void> {
    if (this.#next !== undefined) return this.#next;
    const next = this.#reading.then(() => {
      this.#next = undefined;
      return this.#readAgain();
    });
    this.#next = next;
    this.#reading = next;
    return next;
  }

  watch(): void {
    if (this.#mode === 'off' || this.#closed) return;
    const { log, candidates } = this.#deps;
    const mode = this.#mode;
    this.#watch ??= import('./config/watch-files.ts').then(({ watchFiles }) =>
      watchFiles({ log, onChanged: () => void this.reload() }, mode, candidates()),
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await (await this.#watch)?.close();
    await this.#reading;
  }

  async #readAgain(): Promise<void> {
    if (this.#closed) return;
    clearTimeout(this.#retry);
    const { read, candidates, log, now } = this.#deps;
    const files = await read();
    if (this.#closed) return;
    const before = this.#current;
    const next = nextConfig(before, files, now());
    if (next.kind !== 'same') {
      this.#current = next.state;
      reportConfig(next.state.source, log);
    }
    if (next.kind === 'applied') {
      const { added, changed, adjusted, removed } = next.servers;
      log.info({ added, changed, adjusted, removed, rulesChanged: next.rulesChanged }, 'the config was read again');
      this.onApplied?.(before, next);
    }
    if (this.#watch === undefined) return;
    (await this.#watch).use(candidates());
    if (this.#current.source.problem) this.#retry = setTimeout(() => void this.reload(), retryMs).unref();
  }
}
