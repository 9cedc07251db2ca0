// Owns finding and reading both config files of one run, and that what was only found is used only if it is trusted;
// knows nothing of what is built from them.
import { join } from 'node:path';
import {
  type FoundServersFile,
  findRulesFile,
  findServersFile,
  rulesFileCandidates,
  serversFileCandidates,
} from './config/find-files.ts';
import type { OpenInputs } from './config/input-values.ts';
import { type Admit, decodeJsonDocument } from './config/json-document.ts';
import { type LoadedRules, loadRules } from './config/load-rules.ts';
import { loadServers } from './config/load-servers.ts';
import type { LoadedServers } from './config/server-entry.ts';
import { type ServerPlan, serverPlans } from './config/server-plan.ts';
import { createTrustedFiles } from './config/trusted-files.ts';
import { type UntrustedFile, UntrustedFileError } from './config/untrusted-file.ts';
import { GatewayError } from './errors.ts';
import { findPaths } from './paths.ts';
import type { Environment, Settings } from './settings.ts';

export interface ReadConfig {
  readonly servers: LoadedServers;
  /** Absent: there is no rules file, and everything is allowed. */
  readonly rules: LoadedRules | undefined;
  /** Why the servers file is the one. */
  readonly origin: FoundServersFile['origin'];
  /** Files that nobody agreed to; empty, unless the reading was told to go on with them. */
  readonly untrusted: readonly UntrustedFile[];
}

interface ReadOptions {
  /** The servers file that is in use already: no other is looked for. */
  readonly inUse?: FoundServersFile | undefined;
  /** `read`: to look at, for somebody who starts nothing of it. Default: `refuse`. */
  readonly untrusted?: 'refuse' | 'read';
  /** What was given for `${input:id}`; absent: nothing. */
  readonly openInputs?: OpenInputs | undefined;
}

/** Every file that may decide what is in force, there or not; `inUse`: the servers file, where that is settled. */
export function configCandidates(
  places: { readonly env: Environment; readonly cwd: string },
  settings: Settings,
  inUse: string | undefined,
): readonly string[] {
  const { env, cwd } = places;
  const { configDir, trustedFile } = findPaths(places);
  const all = { env, cwd, configDir };
  const servers = inUse === undefined ? serversFileCandidates({ ...all, flag: settings.serversFile }) : [inUse];
  const rules = servers.flatMap((serversFile) =>
    rulesFileCandidates({ ...all, flag: settings.rulesFile, serversFile }),
  );
  return [...new Set([...servers, ...rules, trustedFile])];
}

/**
 * @throws GatewayError CONFIG_INVALID: no servers file, or a file that is of no use as a whole; UntrustedFileError: a
 * file of the working directory that nobody agreed to
 */
export async function readConfig(
  places: { readonly env: Environment; readonly cwd: string },
  settings: Settings,
  options: ReadOptions = {},
): Promise<ReadConfig> {
  const { env, cwd } = places;
  const { configDir, trustedFile } = findPaths(places);
  const serversFile = options.inUse ?? (await findServersFile({ flag: settings.serversFile, env, cwd, configDir }));
  if (!serversFile) {
    throw new GatewayError(
      'CONFIG_INVALID',
      `there is no servers file: neither ${join(cwd, '.mcp.json')} nor ${join(configDir, 'mcp.json')}`,
      {
        hint: 'Write one (see .mcp.json.example), or name it with --config or GATEWAY_MCP_CONFIG.',
      },
    );
  }
  const { origin } = serversFile;
  const gate = createGate(trustedFile, options);
  const isFound = origin === 'working directory';
  const admitServers = isFound ? gate.admit(plansIn) : undefined;
  const { openInputs } = options;
  const servers = await loadServers({ path: serversFile.path, env, admit: admitServers, openInputs });
  const rulesFile = await findRulesFile({
    flag: settings.rulesFile,
    env,
    cwd,
    configDir,
    serversFile: serversFile.path,
  });
  if (!rulesFile) return { servers, rules: undefined, origin, untrusted: gate.untrusted };
  // A repository's rules stand before those of the user, and could allow more.
  const admitRules = isFound && rulesFile.origin === 'beside the config' ? gate.admit(() => undefined) : undefined;
  const rules = await loadRules({ path: rulesFile.path, admit: admitRules });
  return { servers, rules, origin, untrusted: gate.untrusted };
}

/** Lets bytes in that are recorded, the same that are parsed afterwards; what it let in all the same it notes. */
function createGate(
  trustedFile: string,
  { untrusted: policy = 'refuse' }: ReadOptions,
): {
  readonly untrusted: readonly UntrustedFile[];
  admit(plansOf: (file: string, bytes: Buffer) => readonly ServerPlan[] | undefined): Admit;
} {
  const untrusted: UntrustedFile[] = [];
  // Judges only, and never asks what time it is.
  const trusted = createTrustedFiles({ now: () => 0 }, trustedFile);
  return {
    untrusted,
    admit: (plansOf) => async (file, bytes) => {
      const trust = await trusted.judge(file, bytes);
      if (trust === 'trusted') return;
      const found = { file, trust, plans: plansOf(file, bytes) };
      if (policy === 'refuse') throw new UntrustedFileError(found);
      untrusted.push(found);
    },
  };
}

function plansIn(file: string, bytes: Buffer): readonly ServerPlan[] {
  try {
    return serverPlans(decodeJsonDocument(file, bytes).value);
  } catch {
    // Refused anyway; what is wrong with it matters once it is trusted.
    return [];
  }
}
