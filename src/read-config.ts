// Owns finding and reading both config files of one run; knows nothing of what is built from them.
import { type FoundServersFile, findRulesFile, findServersFile } from './config/find-files.ts';
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
