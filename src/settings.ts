// Owns the settings of one gateway: command line before environment, every value judged once.
import { GatewayError } from './errors.ts';
import { type LogLevel, logLevels } from './log.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the command line may say; absent members leave it to the environment. */
export interface CommandLineOptions {
  readonly config?: string | undefined;
  readonly rules?: string | undefined;
  readonly tokenDir?: string | undefined;
  readonly agent?: string | undefined;
  readonly debug?: boolean | undefined;
  readonly expose?: 'meta' | 'direct' | undefined;
}

export interface Settings {
  /** `--config`, `--rules`, `--token-dir`; their variables are read where the files are looked for. */
  readonly serversFile: string | undefined;
  readonly rulesFile: string | undefined;
  readonly tokenDir: string | undefined;
  /** The identity no call can change (`--agent`, `GATEWAY_AGENT`). */
  readonly lockedAgent: string | undefined;
  /** The identity of a call that names none (`GATEWAY_DEFAULT_AGENT`). */
  readonly defaultAgent: string | undefined;
  readonly debug: boolean;
  /** How tools are shown of servers whose entry does not say so (`--expose`, `GATEWAY_EXPOSE`). */
  readonly expose: 'meta' | 'direct';
  readonly logLevel: LogLevel;
  /** How changes of the config files are noticed while a gateway runs. */
  readonly watch: 'auto' | 'poll' | 'off';
  /** Absent: `lazy` for stdio, `eager` for HTTP servers with a stored login. */
  readonly initStrategy: 'eager' | 'lazy' | undefined;
  /** Whether the login shell may be asked for its PATH (`GATEWAY_SHELL_PATH`). */
  readonly askShell: boolean;
  /** How long a call waits for its login, in milliseconds; absent: 45 s with a browser, else 0. */
  readonly loginWaitMs: number | undefined;
}

/** @throws GatewayError CONFIG_INVALID naming the variable */
export function resolveSettings(options: CommandLineOptions, env: Environment): Settings {
  const debug = options.debug ?? isOn(env['GATEWAY_DEBUG']);
  return {
    serversFile: options.config,
    rulesFile: options.rules,
    tokenDir: options.tokenDir,
    lockedAgent: given(options.agent) ?? given(env['GATEWAY_AGENT']),
    defaultAgent: given(env['GATEWAY_DEFAULT_AGENT']),
    debug,
    expose: options.expose ?? oneOf('GATEWAY_EXPOSE', env, ['meta', 'direct']) ?? 'meta',
    logLevel: oneOf('GATEWAY_LOG_LEVEL', env, logLevels) ?? (debug ? 'debug' : 'info'),
    watch: oneOf('GATEWAY_WATCH', env, ['auto', 'poll', 'off']) ?? 'auto',
    initStrategy: oneOf('GATEWAY_INIT_STRATEGY', env, ['eager', 'lazy']),
    askShell: oneOf('GATEWAY_SHELL_PATH', env, ['on', 'off']) !== 'off',
    loginWaitMs: milliseconds('GATEWAY_LOGIN_WAIT_MS', env),
  };
}

function given(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === '' ? undefined : value;
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && ['1', 'true', 'yes', 'on'].includes(value.toLowerCase());
}

function oneOf<T extends string>(name: string, env: Environment, choices: readonly T[]): T | undefined {
  const value = given(env[name])?.toLowerCase();
  if (value === undefined) return undefined;
  const choice = choices.find((known) => known === value);
  if (choice === undefined) throw badVariable(name, value, `one of ${choices.join(', ')}`);
  return choice;
}

function milliseconds(name: string, env: Environment): number | undefined {
  const value = given(env[name]);
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < 0) throw badVariable(name, value, 'a whole number of milliseconds');
  return number;
}

function badVariable(name: string, value: string, expected: string): GatewayError {
  return new GatewayError('CONFIG_INVALID', `${name} is "${value.slice(0, 40)}"; expected ${expected}`, {
    hint: `Correct or unset ${name}.`,
  });
}
