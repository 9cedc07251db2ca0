// Owns the config in force, as every use case reads it: anew for each decision, since it may change between two calls.
import type { Rules } from '../config/rules.ts';
import type { ConfigIssue, ConfiguredServer } from '../config/server-entry.ts';
import type { GatewayError } from '../errors.ts';

export interface LiveConfig {
  /** Never changed; replaced as a whole. */
  readonly current: ConfigState;
}

export interface ConfigState {
  readonly servers: ReadonlyMap<string, ConfiguredServer>;
  /** Absent: everything is allowed. */
  readonly rules: Rules | undefined;
  readonly source: ConfigSource;
  /** So far there was no config that could be used; every call fails with this. */
  readonly unusable?: GatewayError | undefined;
}

/** Where the settings in force came from, and what became of those that came after. */
export interface ConfigSource {
  readonly serversFile: string;
  /** Absent: no rules, everything is allowed. */
  readonly rulesFile?: string | undefined;
  /** Of what is in force, epoch milliseconds. */
  readonly loadedAt: number;
  /** Warnings and errors that did not keep the files from being used. */
  readonly issues: readonly ConfigIssue[];
  /** Why the files as they are now are not used; what was in force before still is. */
  readonly problem?: ConfigProblem | undefined;
  /** The last readings that had an effect, or failed; oldest first. */
  readonly reloads: readonly ReloadRecord[];
}

export interface ConfigProblem {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly message: string;
  readonly hint?: string | undefined;
  /** The place, where there is one. */
  readonly issue?: ConfigIssue | undefined;
}

export interface ReloadRecord {
  /** Epoch milliseconds. */
  readonly at: number;
  /** `loaded`: the first; `failed`: what was in force stays. */
  readonly outcome: 'loaded' | 'applied' | 'failed';
  /** Names of servers. */
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  readonly rulesChanged: boolean;
  /** Of a failed one. */
  readonly problem?: ConfigProblem | undefined;
}
