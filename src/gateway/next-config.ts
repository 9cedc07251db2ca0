// Owns what follows from reading the config files once more: what is in force from now on, and what that changes. Pure.
import { isDeepStrictEqual } from 'node:util';
import { isEmpty, type ServerDifference, serverDifference } from '../config/config-difference.ts';
import { ConfigError } from '../config/config-error.ts';
import type { LoadedRules } from '../config/load-rules.ts';
import type { LoadedServers } from '../config/server-entry.ts';
import { errorText, GatewayError } from '../errors.ts';
import type { ConfigProblem, ConfigState, ReloadRecord } from './live-config.ts';

/** What was read: the files, or why they cannot be used. */
export type ReadFiles = GoodFiles | { readonly failure: unknown };
interface GoodFiles {
  readonly servers: LoadedServers;
  readonly rules: LoadedRules | undefined;
}

export type NextConfig =
  | { readonly kind: 'same' }
  /** In force is what was before; what is known of the files is something else. */
  | { readonly kind: 'noted'; readonly state: ConfigState }
  | {
      readonly kind: 'applied';
      readonly state: ConfigState;
      readonly servers: ServerDifference;
      readonly rulesChanged: boolean;
    };

/** How many readings are remembered. */
const longestHistory = 20;

/** `serversFile`: where one would be, if there is none yet. */
export function firstConfig(read: ReadFiles, serversFile: string, now: number): ConfigState {
  if (!('failure' in read)) {
    const added = [...read.servers.servers.keys()];
    return stateOf(read, now, [recordOf('loaded', now, { added, rulesChanged: read.rules !== undefined })]);
  }
  const source = { serversFile, loadedAt: now, issues: [], reloads: [] };
  return withProblem({ servers: new Map(), rules: undefined, source }, read.failure, problemOf(read.failure, now));
}

export function nextConfig(before: ConfigState, read: ReadFiles, now: number): NextConfig {
  if ('failure' in read) return refused(before, read.failure, now);
  const { source, unusable } = before;
  const lost = unusable ? undefined : lostRules(before, read);
  if (lost) return refused(before, lost, now);
  const servers = serverDifference(before.servers, read.servers.servers);
  const rulesChanged = !isDeepStrictEqual(before.rules, read.rules?.rules) || source.rulesFile !== read.rules?.path;
  if (unusable || source.problem || !isEmpty(servers) || rulesChanged) {
    const { added, removed } = servers;
    const changed = [...servers.changed, ...servers.adjusted];
    const record = recordOf(unusable ? 'loaded' : 'applied', now, { added, changed, removed, rulesChanged });
    const state = stateOf(read, now, [...source.reloads, record].slice(-longestHistory));
    return { kind: 'applied', state, servers, rulesChanged };
  }
  const state = stateOf(read, source.loadedAt, source.reloads);
  return isDeepStrictEqual(state.source, source) ? { kind: 'same' } : { kind: 'noted', state };
}

/**
 * At a start no rules file means that everything is allowed. A file that goes away under a running gateway, perhaps for
 * as long as somebody needs to write it anew, takes no rule away.
 */
function lostRules({ rules, source }: ConfigState, read: GoodFiles): GatewayError | undefined {
  if (!rules || read.rules) return undefined;
  return new GatewayError('CONFIG_INVALID', `${source.rulesFile}:1:1: the rules file is gone; its rules still hold`, {
    hint: 'Put it back; without rules everything is allowed, which takes a new start of the gateway.',
  });
}

function refused(before: ConfigState, failure: unknown, now: number): NextConfig {
  const problem = problemOf(failure, now);
  if (before.source.problem?.message === problem.message) return { kind: 'same' };
  return { kind: 'noted', state: withProblem(before, failure, problem) };
}

function withProblem(before: ConfigState, failure: unknown, problem: ConfigProblem): ConfigState {
  const { source } = before;
  const reloads = [...source.reloads, recordOf('failed', problem.at, { problem })].slice(-longestHistory);
  const hasNone = before.unusable !== undefined || source.reloads.every(({ outcome }) => outcome === 'failed');
  const { message, hint } = problem;
  const unusable =
    failure instanceof GatewayError ? failure : new GatewayError('CONFIG_INVALID', message, { hint, cause: failure });
  return { ...before, source: { ...source, problem, reloads }, ...(hasNone && { unusable }) };
}

function problemOf(failure: unknown, at: number): ConfigProblem {
  const issue =
    failure instanceof ConfigError ? failure.issues.find(({ severity }) => severity === 'error') : undefined;
  const hint = failure instanceof GatewayError ? failure.hint : undefined;
  return { at, message: errorText(failure), hint, issue };
}

function stateOf({ servers, rules }: GoodFiles, loadedAt: number, reloads: readonly ReloadRecord[]): ConfigState {
  const issues = [...servers.issues, ...(rules?.issues ?? [])];
  return {
    servers: servers.servers,
    rules: rules?.rules,
    source: { serversFile: servers.path, rulesFile: rules?.path, loadedAt, issues, reloads },
  };
}

function recordOf(
  outcome: ReloadRecord['outcome'],
  at: number,
  what: Partial<Omit<ReloadRecord, 'outcome' | 'at'>>,
): ReloadRecord {
  return { at, outcome, added: [], changed: [], removed: [], rulesChanged: false, ...what };
}
