// Owns what `portico trust` works on: a config file and the rules beside it, as they are at this moment, and the record
// of what was agreed to.
import { resolve } from 'node:path';
import { findRulesFile } from './config/find-files.ts';
import { decodeJsonDocument, readConfigBytes } from './config/json-document.ts';
import { type ServerPlan, serverPlans } from './config/server-plan.ts';
import { createTrustedFiles, type Trust } from './config/trusted-files.ts';
import { findPaths } from './paths.ts';
import type { Environment, Settings } from './settings.ts';

export interface TrustDeps {
  readonly env: Environment;
  readonly cwd: string;
  readonly now: () => number;
}

export interface TrustCandidate {
  readonly file: string;
  /** Beside it, and used with it. */
  readonly rulesFile: string | undefined;
  /** Of both files together: `trusted` only where each is. */
  readonly trust: Trust;
  readonly plans: readonly ServerPlan[];
  /** Records what was read, which is what was shown. @returns the SHA-256 of the config file */
  agree(): Promise<string>;
}

/** @throws GatewayError CONFIG_INVALID where a file cannot be read or is no JSON */
export async function openTrustCandidate(
  deps: TrustDeps,
  settings: Settings,
  named: string | undefined,
): Promise<TrustCandidate> {
  const { configDir, trustedFile } = findPaths(deps);
  const file = fileOf(deps, settings, named);
  const bytes = await readConfigBytes(file);
  const plans = serverPlans(decodeJsonDocument(file, bytes).value);
  const rules = await findRulesFile({ env: {}, cwd: deps.cwd, configDir, serversFile: file });
  const rulesFile = rules?.origin === 'beside the config' ? rules.path : undefined;
  const files = [{ file, bytes }];
  if (rulesFile !== undefined) files.push({ file: rulesFile, bytes: await readConfigBytes(rulesFile) });
  const trusted = createTrustedFiles(deps, trustedFile);
  const judged = await Promise.all(files.map((one) => trusted.judge(one.file, one.bytes)));
  return {
    file,
    rulesFile,
    trust: judged.find((trust) => trust !== 'trusted') ?? 'trusted',
    plans,
    async agree() {
      const hashes: string[] = [];
      for (const one of files) hashes.push(await trusted.add(one.file, one.bytes));
      return hashes[0] ?? '';
    },
  };
}

/** Whether there was anything to take back. The files themselves may be gone. */
export async function distrust(
  deps: TrustDeps,
  settings: Settings,
  named: string | undefined,
): Promise<{ readonly file: string; readonly removed: boolean }> {
  const { configDir, trustedFile } = findPaths(deps);
  const file = fileOf(deps, settings, named);
  const trusted = createTrustedFiles(deps, trustedFile);
  const removed = await trusted.remove(file);
  const rules = await findRulesFile({ env: {}, cwd: deps.cwd, configDir, serversFile: file });
  if (rules?.origin === 'beside the config') await trusted.remove(rules.path);
  return { file, removed };
}

function fileOf({ cwd }: TrustDeps, { serversFile }: Settings, named: string | undefined): string {
  return resolve(cwd, named ?? serversFile ?? '.mcp.json');
}
