// Owns the file in which a running gateway tells other processes of itself: its form, writing it while things change, and
// reading those of all gateways. Knows nothing of how the gateway comes to what it tells.
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { readdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing, readTextIfPresent, removeIfPresent, writePrivateJson } from './lib/json-file.ts';
import type { LogPort } from './lib/log-port.ts';
import { type Members, membersOf } from './lib/members.ts';
import { isKnownGone, ownMark } from './lib/process-mark.ts';

/** One server of a running gateway. Instants are ISO 8601. */
export interface RecordedServer {
  readonly server: string;
  readonly state: string;
  /** Of its child processes. */
  readonly pids: readonly number[];
  readonly protocol: string | null;
  readonly since: string | null;
  readonly last_error: string | null;
  readonly next_try_at: string | null;
}

/** What a gateway tells. */
export interface GatewayTale {
  /** What the host calls itself. */
  readonly client: string | null;
  readonly agent: string | null;
  readonly servers_file: string | null;
  readonly rules_file: string | null;
  /** Why the config, or its last change, is not in force. */
  readonly config_error: string | null;
  readonly servers: readonly RecordedServer[];
}

export interface GatewayRecord extends GatewayTale {
  readonly pid: number;
  readonly host: string;
  readonly pid_namespace: string | null;
  readonly portico_version: string;
  readonly started_at: string;
}

/** How often it is looked whether there is something new to tell. Milliseconds. */
const lookMs = 2000;
/** A file that nobody touched for `staleMs` is of a gateway that was killed. Milliseconds. */
const heartbeatMs = 30_000;
const staleMs = 120_000;

export interface GatewayRecordWriter {
  /** One look: writes where something changed, and else touches the file from time to time. Never rejects. */
  look(): Promise<void>;
  close(): Promise<void>;
  /** The same for the last moment of the process. */
  removeNow(): void;
}

export interface RecordDeps {
  readonly now: () => number;
  readonly log: LogPort;
  readonly version: string;
}

/** Nothing here is waited for by a message: a gateway without such a file works all the same. */
export function keepGatewayRecord(
  { now, log, version }: RecordDeps,
  { directory, tell }: { readonly directory: string; readonly tell: () => GatewayTale },
): GatewayRecordWriter {
  const path = join(directory, `${ownMark.pid}-${randomUUID().slice(0, 8)}.json`);
  const { pid, host, pidNamespace } = ownMark;
  const about = {
    version: 1,
    pid,
    host,
    pid_namespace: pidNamespace ?? null,
    portico_version: version,
    started_at: new Date(now()).toISOString(),
  };
  let written: string | undefined;
  let touchedAt = 0;
  let working: Promise<void> | undefined;
  let ended = false;

  const work = async (): Promise<void> => {
    const tale = tell();
    const text = JSON.stringify(tale);
    const isDue = now() - touchedAt >= heartbeatMs;
    if (text === written && !isDue) return;
    touchedAt = now();
    const isTouched = text === written && (await touched(path, now()));
    if (!isTouched) await writePrivateJson(path, { ...about, ...tale });
    written = text;
  };
  const look = (): Promise<void> => {
    if (ended) return working ?? Promise.resolve();
    working ??= work()
      .catch((err: unknown) => log.debug({ err, path }, 'what this gateway does could not be recorded'))
      .finally(() => {
        working = undefined;
      });
    return working;
  };
  const timer = setInterval(() => void look(), lookMs);
  timer.unref();
  // What killed ones left goes with the next one that comes.
  void readGatewayRecords(directory, now());
  return {
    look,
    async close() {
      ended = true;
      clearInterval(timer);
      await working;
      if (written !== undefined) await removeIfPresent(path);
    },
    removeNow() {
      ended = true;
      if (written !== undefined) rmSync(path, { force: true });
    },
  };
}

/** False: the file is gone, for example because this computer slept, and somebody took us for killed. */
async function touched(path: string, now: number): Promise<boolean> {
  try {
    await utimes(path, now / 1000, now / 1000);
    return true;
  } catch (error) {
    if (!isMissing(error)) throw error;
    return false;
  }
}

/** The gateways that run, the oldest first. What killed ones left behind is removed where it may be. */
export async function readGatewayRecords(directory: string, now: number): Promise<readonly GatewayRecord[]> {
  const names = await readdir(directory).catch(() => []);
  const found = await Promise.all(names.map((name) => readRecord(join(directory, name), now)));
  return found
    .filter((record) => record !== undefined)
    .sort((one, other) => (one.started_at < other.started_at ? -1 : 1));
}

async function readRecord(path: string, now: number): Promise<GatewayRecord | undefined> {
  try {
    const isOld = now - (await stat(path)).mtimeMs > staleMs;
    const record = path.endsWith('.json') ? parsed(await readTextIfPresent(path)) : undefined;
    // A file that is being written has another name for a moment, and is no record yet.
    const isGone = isOld || (record !== undefined && isKnownGone(markOf(record)));
    if (isGone) await removeIfPresent(path);
    return isGone ? undefined : record;
  } catch {
    // Of another user, or gone meanwhile: nothing that could be told.
    return undefined;
  }
}

function markOf({ pid, host, pid_namespace }: GatewayRecord): Parameters<typeof isKnownGone>[0] {
  return { pid, host, ...(pid_namespace !== null && { pidNamespace: pid_namespace }) };
}

function parsed(text: string | undefined): GatewayRecord | undefined {
  const file = membersOf(JSON.parse(text ?? 'null'));
  const textOf = textsIn(file);
  const [pid, host, started_at] = [file['pid'], textOf('host'), textOf('started_at')];
  if (typeof pid !== 'number' || host === null || started_at === null) return undefined;
  const servers = Array.isArray(file['servers']) ? file['servers'].map(serverIn) : [];
  return {
    pid,
    host,
    pid_namespace: textOf('pid_namespace'),
    portico_version: textOf('portico_version') ?? '',
    started_at,
    client: textOf('client'),
    agent: textOf('agent'),
    servers_file: textOf('servers_file'),
    rules_file: textOf('rules_file'),
    config_error: textOf('config_error'),
    servers,
  };
}

function textsIn(members: Members): (name: string) => string | null {
  return (name) => {
    const text = members[name];
    return typeof text === 'string' ? text : null;
  };
}

function serverIn(value: unknown): RecordedServer {
  const members = membersOf(value);
  const textOf = textsIn(members);
  const pids = Array.isArray(members['pids']) ? members['pids'].filter((pid) => typeof pid === 'number') : [];
  return {
    server: textOf('server') ?? '',
    state: textOf('state') ?? 'idle',
    pids,
    protocol: textOf('protocol'),
    since: textOf('since'),
    last_error: textOf('last_error'),
    next_try_at: textOf('next_try_at'),
  };
}
