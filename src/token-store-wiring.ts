// Owns how the place of the logins is put together: the directory, the lock, the key; and what stands in the way of
// saving there. Used by everything that reads logins; loads what encrypts only where there is a key.
import { join } from 'node:path';
import type { InputStore } from './auth/input-store.ts';
import type { TokenKey } from './auth/token-key.ts';
import type { TokenStore } from './auth/token-store.ts';
import { errorText, GatewayError } from './errors.ts';
import { type Lazy, lazy } from './lib/lazy.ts';
import type { LogPort } from './lib/log-port.ts';
import { findPaths } from './paths.ts';
import type { Environment } from './settings.ts';

export interface TokenStoreDeps {
  readonly env: Environment;
  readonly log: LogPort;
  /** Where a relative `GATEWAY_TOKEN_KEY_FILE` starts; default: the working directory. */
  readonly cwd?: string;
  readonly platform?: NodeJS.Platform;
  /** Epoch milliseconds. */
  readonly now?: () => number;
}

export interface TokenPlace {
  readonly directory: string;
  /** Holds what was given for `${input:id}`. */
  readonly inputsFile: string;
  openStore(): Promise<TokenStore>;
  openInputs(): Promise<InputStore>;
  /** Before a human logs in: a login that could not be sealed is none. @throws GatewayError CONFIG_INVALID */
  prepare(): Promise<void>;
  /** Before something is taken in for good: what `prepare` warns of is an error, and said once. @throws GatewayError CONFIG_INVALID */
  requireWritable(): Promise<void>;
  /** Why a login could not be saved here, and what mends it; undefined: it could. Changes nothing. */
  obstacle(): Promise<string | undefined>;
  /** Says the same in the log, and makes the directory. Never rejects. */
  report(): Promise<void>;
}

export async function openTokenStore(deps: TokenStoreDeps, directory: string): Promise<TokenStore> {
  return await createTokenPlace(deps, directory).openStore();
}

export function createTokenPlace(deps: TokenStoreDeps, directory: string): TokenPlace {
  const key = lazyKey(deps);
  const probe = directoryProbe(deps, directory);
  const asksKeychain = /^\s*keychain(?::|\s*$)/.test(deps.env['GATEWAY_TOKEN_KEY'] ?? '');
  /** The keychain may ask a human, so it is asked where there is a login to read or to make, and not in passing. */
  const keyProblem = async (): Promise<string | undefined> => {
    try {
      if (!asksKeychain) await key.get();
      return undefined;
    } catch (error) {
      return textOf(error);
    }
  };
  const obstacle = async (create: boolean): Promise<string | undefined> =>
    (await keyProblem()) ?? (await probe(create));
  const seal = lazy(async () => {
    const found = await key.get();
    return found && (await import('./auth/sealed-record.ts')).createRecordSeal(found);
  });
  const inputsFile = join(directory, 'inputs.json');
  return {
    directory,
    inputsFile,
    async openStore() {
      const [{ createFileTokenStore }, { createFileLock }] = await Promise.all([
        import('./auth/file-token-store.ts'),
        import('./lib/file-lock.ts'),
      ]);
      return createFileTokenStore({ lock: createFileLock(deps), seal: () => seal.get(), log: deps.log }, { directory });
    },
    async openInputs() {
      const [{ createInputStore }, { createFileLock }] = await Promise.all([
        import('./auth/input-store.ts'),
        import('./lib/file-lock.ts'),
      ]);
      const { now = Date.now } = deps;
      return createInputStore({ lock: createFileLock(deps), seal: () => seal.get(), now }, { path: inputsFile });
    },
    async prepare() {
      await key.get();
      await probe(true);
    },
    async requireWritable() {
      await key.get();
      const problem = await probe(true, { isQuiet: true });
      if (problem !== undefined) throw new GatewayError('CONFIG_INVALID', problem);
    },
    obstacle: () => obstacle(false),
    async report() {
      const [problem] = await Promise.all([keyProblem(), probe(true)]);
      if (problem !== undefined) deps.log.error({ directory }, `logins cannot be read or saved: ${problem}`);
    },
  };
}

function lazyKey({ env, cwd, log }: TokenStoreDeps): Lazy<TokenKey | undefined> {
  return lazy(async () => {
    if (env['GATEWAY_TOKEN_KEY'] === undefined && env['GATEWAY_TOKEN_KEY_FILE'] === undefined) return undefined;
    const [{ findTokenKey, readKeySetting }, { createFileLock }] = await Promise.all([
      import('./auth/find-token-key.ts'),
      import('./lib/file-lock.ts'),
    ]);
    const { tokenKeyFile, dataDir } = findPaths({ env, cwd });
    const setting = readKeySetting(env, tokenKeyFile);
    return setting && (await findTokenKey({ log, lock: createFileLock() }, setting, { dataDirectory: dataDir }));
  });
}

/** Warns once of what it finds, and again where it changed. A directory that was mended is noticed at the next look. */
function directoryProbe(
  { log, platform = process.platform }: TokenStoreDeps,
  directory: string,
): (create: boolean, how?: { readonly isQuiet: boolean }) => Promise<string | undefined> {
  let isFine = false;
  let mayCreate = false;
  let told: string | undefined;
  return async (create, { isQuiet } = { isQuiet: false }) => {
    if (isFine) return undefined;
    mayCreate ||= create;
    const { judgeDirectory, probeDirectory } = await import('./lib/directory-probe.ts');
    const facts = await probeDirectory(directory, { create: mayCreate });
    const finding = judgeDirectory(facts, platform);
    // One that is not there yet may turn out to be one that cannot be made.
    isFine = !finding && mayCreate;
    if (!finding) return undefined;
    const { summary, fix, command } = finding;
    const text = `logins cannot be saved: ${summary}. ${fix}${command === undefined ? '' : ` Run: ${command}`}`;
    if (!isQuiet && told !== summary) log.warn({ ...facts, fix: command ?? fix }, text);
    told = summary;
    return text;
  };
}

function textOf(error: unknown): string {
  const hint = error instanceof GatewayError && error.hint !== undefined ? ` ${error.hint}` : '';
  return `${errorText(error)}.${hint}`;
}
