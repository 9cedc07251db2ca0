// Owns the list of what this room needs from outside; knows nothing of who provides it.
import type { HttpServerEntry } from '../config/server-entry.ts';
import type { FetchLike } from '../lib/fetch-like.ts';
import type { Later } from '../lib/later.ts';
import type { LogPort } from '../lib/log-port.ts';
import type { CallHost } from '../wire/call-host.ts';
import type { EraMemory } from './era-memory.ts';
import type { LoginShell } from './login-shell.ts';
import type { OrphanGuard } from './orphan-guard.ts';
import type { ProcessTrees } from './process-tree.ts';
import type { ServerLogs } from './server-logs.ts';
import type { StartLimit } from './start-limit.ts';

export interface DownstreamDeps {
  /** The `fetch` for one server: it adds the login, and throws LoginRequiredError where a human is needed. */
  readonly fetchFor: (entry: HttpServerEntry) => FetchLike;
  /** The gateway's own environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Path of the running node; commands are also looked for beside it. */
  readonly execPath: string;
  readonly platform: NodeJS.Platform;
  /** Of this gateway, told to every server. */
  readonly version: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly log: LogPort;
  /** The host that everything here is for, once it has said what it is; what is asked outside of any call goes to it. */
  readonly host?: (() => CallHost | undefined) | undefined;
  /** Absent: every connection finds out anew in which era its server is. */
  readonly eras?: EraMemory | undefined;
  /** The pool brings its own. */
  readonly guard?: OrphanGuard | undefined;
  /** The pool brings one where it is given none. Absent elsewhere: no shell is asked where a command is. */
  readonly loginShell?: LoginShell | undefined;
  /** The pool brings its own. */
  readonly trees?: ProcessTrees | undefined;
  /** Absent: what local servers write to stderr is kept nowhere but in errors. */
  readonly serverLogs?: ServerLogs | undefined;
  /** The pool brings its own. */
  readonly starts?: StartLimit | undefined;
  /** Absent: that of the system. */
  readonly later?: Later | undefined;
}
