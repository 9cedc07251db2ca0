// Owns finding and reading both config files of one run; knows nothing of what is built from them.
import {
  type FoundServersFile,
  findRulesFile,
  findServersFile,
  rulesFileCandidates,
  serversFileCandidates,
} from './config/find-files.ts';
import { type LoadedRules, loadRules } from './config/load-rules.ts';
import { loadServers } from './config/load-servers.ts';
import type { LoadedServers } from './config/server-entry.ts';
import { GatewayError } from './errors.ts';
import { findPaths } from './paths.ts';
import type { Environment, Settings } from './settings.ts';

export interface ReadConfig {
  readonly servers: LoadedServers;
  /** Absent: there is no rules file, and everything is allowed. */
  readonly rules: LoadedRules | undefined;
  /** Why the servers file is the one. */
  readonly origin: FoundServersFile['origin'];
}

interface ReadOptions {
  /** The servers file that is in use already: no other is looked for. */
  readonly inUse?: FoundServersFile | undefined;
}

/** Every file that may decide what is in force, there or not; `inUse`: the servers file, where that is settled. */
export function configCandidates(
  places: { readonly env: Environment; readonly cwd: string },
  settings: Settings,
  inUse: string | undefined,
): readonly string[] {
  const { env, cwd } = places;
  const { configDir } = findPaths(places);
  const all = { env, cwd, configDir };
  const servers = inUse === undefined ? serversFileCandidates({ ...all, flag: settings.serversFile }) : [inUse];
  const rules = servers.flatMap((serversFile) =>
    rulesFileCandidates({ ...all, flag: settings.rulesFile, serversFile }),
  );
  return [...new Set([...servers, ...rules])];
}

/** @throws GatewayError CONFIG_INVALID: no servers file, or a file that is of no use as a whole */
export async function readConfig(
  places: { readonly env: Environment; readonly cwd: string },
  settings: Settings,
  options: ReadOptions = {},
): Promise<ReadConfig> {
  const { env, cwd } = places;
  const { configDir } = findPaths(places);
  const serversFile = options.inUse ?? (await findServersFile({ flag: settings.serversFile, env, cwd, configDir }));
  if (!serversFile) {
    throw new GatewayError(
      'CONFIG_INVALID',
      `there is no servers file: neither ${cwd}/.mcp.json nor ${configDir}/mcp.json`,
      {
        hint: 'Write one (see .mcp.json.example), or name it with --config or GATEWAY_MCP_CONFIG.',
      },
    );
  }
  const servers = await loadServers({ path: serversFile.path, env });
  const rulesFile = await findRulesFile({
    flag: settings.rulesFile,
    env,
    cwd,
    configDir,
    serversFile: serversFile.path,
  });
  const rules = rulesFile && (await loadRules({ path: rulesFile.path }));
  return { servers, rules, origin: serversFile.origin };
}
