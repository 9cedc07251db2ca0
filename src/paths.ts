// Owns the directories of this program on each system; knows nothing of the files in them.
import { join, resolve } from 'node:path';
import envPaths from 'env-paths';
import { expandHome } from './lib/home-path.ts';

export interface Paths {
  /** Holds `mcp.json` and `gateway-rules.json`. */
  readonly configDir: string;
  /** Holds one file for each login. */
  readonly tokenDir: string;
  /** What `GATEWAY_TOKEN_KEY_FILE` names. */
  readonly tokenKeyFile: string | undefined;
  /** The same for every process of this user, whatever the settings say. */
  readonly dataDir: string;
  /** Which tools of servers with `toolPinning` somebody has agreed to, one file each. */
  readonly pinsDir: string;
  /** Which found config files somebody has agreed to. */
  readonly trustedFile: string;
  /** Holds one file for each running gateway. */
  readonly gatewaysDir: string;
  /** What may be thrown away at any time. */
  readonly cacheDir: string;
  readonly logDir: string;
  /** Holds what local servers write to stderr, one file each. */
  readonly serverLogDir: string;
  /** Holds the tools that servers were last seen with, one file each. */
  readonly catalogDir: string;
  /** Undefined: no audit log is written. */
  readonly auditFile: string | undefined;
}

export interface PathSettings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Relative paths start here; without it at the working directory of the process. */
  readonly cwd?: string | undefined;
  /** `--token-dir`; stands above `GATEWAY_TOKEN_DIR`. */
  readonly tokenDir?: string | undefined;
}

/** No version in any path: an update finds the logins of the version before. */
export function findPaths({ env, cwd, tokenDir }: PathSettings): Paths {
  const system = envPaths('portico', { suffix: '' });
  const absolute = (path: string): string => resolve(cwd ?? '.', expandHome(path, env));
  const audit = env['GATEWAY_AUDIT_LOG'];
  const tokenKeyFile = env['GATEWAY_TOKEN_KEY_FILE'];
  const namedTokenDir = tokenDir || env['GATEWAY_TOKEN_DIR'];
  return Object.freeze({
    configDir: system.config,
    tokenDir: namedTokenDir ? absolute(namedTokenDir) : join(system.data, 'tokens'),
    tokenKeyFile: tokenKeyFile ? absolute(tokenKeyFile) : undefined,
    dataDir: system.data,
    pinsDir: join(system.data, 'pins'),
    trustedFile: join(system.data, 'trusted.json'),
    gatewaysDir: join(system.data, 'gateways'),
    cacheDir: system.cache,
    logDir: system.log,
    serverLogDir: join(system.log, 'servers'),
    catalogDir: join(system.cache, 'catalogs'),
    auditFile: auditFileOf(audit, system.log, absolute),
  });
}

function auditFileOf(
  setting: string | undefined,
  logDir: string,
  absolute: (path: string) => string,
): string | undefined {
  if (setting === 'off') return undefined;
  return setting ? absolute(setting) : join(logDir, 'audit.jsonl');
}
