// Owns the form of the lease file of an open login on disk; knows nothing of who holds it or for how long.
import { readTextIfPresent } from '../lib/json-file.ts';

/** The file's members. Instants are epoch seconds there, as in the login file. */
export interface LeaseRecord {
  readonly owner: string;
  readonly pid: number;
  readonly host: string;
  /** In which numbering `pid` stands: containers may share a host name and count for themselves. Linux only. */
  readonly pidNamespace?: string;
  /** Absent until there is one. */
  readonly loginUrl?: string;
  /** What the human enters there (RFC 8628); there is no callback then. */
  readonly userCode?: string;
  /** Where the holder listens on its own machine: another process hands a pasted callback in there. */
  readonly callbackUrl?: string;
  readonly browserOpened: boolean;
  /** The registration that this login uses and that no finished login has proved yet. */
  readonly unprovenClientId?: string;
  readonly startedAt: number;
  readonly heartbeatAt: number;
  readonly expiresAt: number;
  /** `abandoned`: it ended without a verdict, and whoever waits for it may begin anew. */
  readonly state: 'open' | 'failed' | 'abandoned';
  readonly error?: { readonly message: string; readonly hint?: string };
}

const states = ['open', 'failed', 'abandoned'] as const;

export function leaseToFile(record: LeaseRecord): Record<string, unknown> {
  return {
    owner: record.owner,
    pid: record.pid,
    host: record.host,
    pid_namespace: record.pidNamespace,
    login_url: record.loginUrl,
    user_code: record.userCode,
    callback_url: record.callbackUrl,
    browser_opened: record.browserOpened,
    unproven_client_id: record.unprovenClientId,
    started_at: record.startedAt / 1000,
    heartbeat_at: record.heartbeatAt / 1000,
    expires_at: record.expiresAt / 1000,
    state: record.state,
    error: record.error,
  };
}

/** A file that is not a lease is none: nothing in it is worth keeping, and the next claim replaces it. */
export async function readLease(path: string): Promise<LeaseRecord | undefined> {
  const value = parseJson(await readText(path));
  if (typeof value !== 'object' || value === null) return undefined;
  const file = value as Record<string, unknown>;
  const text_ = (name: string): string | undefined => (typeof file[name] === 'string' ? file[name] : undefined);
  const instant = (name: string): number => (typeof file[name] === 'number' ? Math.round(file[name] * 1000) : 0);
  const owner = text_('owner');
  if (owner === undefined) return undefined;
  const loginUrl = text_('login_url');
  const userCode = text_('user_code');
  const pidNamespace = text_('pid_namespace');
  const callbackUrl = text_('callback_url');
  const unprovenClientId = text_('unproven_client_id');
  const error = readError(file['error']);
  return {
    owner,
    pid: typeof file['pid'] === 'number' ? file['pid'] : 0,
    host: text_('host') ?? '',
    ...(pidNamespace !== undefined && { pidNamespace }),
    ...(loginUrl !== undefined && { loginUrl }),
    ...(userCode !== undefined && { userCode }),
    ...(callbackUrl !== undefined && { callbackUrl }),
    ...(unprovenClientId !== undefined && { unprovenClientId }),
    browserOpened: file['browser_opened'] === true,
    startedAt: instant('started_at'),
    heartbeatAt: instant('heartbeat_at'),
    expiresAt: instant('expires_at'),
    state: states.find((state) => state === file['state']) ?? 'failed',
    ...(error && { error }),
  };
}

function readError(value: unknown): LeaseRecord['error'] {
  if (typeof value !== 'object' || value === null || !('message' in value)) return undefined;
  const message = String(value.message);
  return 'hint' in value && typeof value.hint === 'string' ? { message, hint: value.hint } : { message };
}

/** What cannot be read is no lease either; that the directory is closed to us is said by whoever reads the login there. */
async function readText(path: string): Promise<string> {
  try {
    return (await readTextIfPresent(path)) ?? '';
  } catch {
    return '';
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Half-written by something other than us (our writes are atomic): treated as no lease.
    return undefined;
  }
}
