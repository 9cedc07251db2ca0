// Owns the doctor's step "saved_login": what lies on disk for a login, and whether a refreshed one could be saved there.
// Changes nothing but what every reading of a login does: a file that others could read is closed to them.
import { access, constants, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as thisProcess from 'node:process';
import { GatewayError } from '../../errors.ts';
import type { LeaseRecord } from '../lease-file.ts';
import type { LoginLeases } from '../login-lease.ts';
import { isDue, isExpired } from '../token-lifetime.ts';
import type { LoginRecord, TokenStore } from '../token-store.ts';
import type { DoctorStep, Finding } from './report.ts';
import { stepOf } from './report.ts';
import { requirements } from './requirements.ts';
import { foreign, showUrl } from './text.ts';

interface PlaceOnDisk {
  readonly mode: string;
  readonly uid: number;
  /** Absent for the file: it is replaced as a whole. */
  readonly writable?: boolean;
}

export interface SavedLogin {
  readonly path: string;
  readonly directory: string;
  readonly file: PlaceOnDisk | undefined;
  /** Undefined: it is made by the first login. */
  readonly place: PlaceOnDisk | undefined;
  readonly uid: number;
  readonly record: LoginRecord | undefined;
  /** Why the file cannot be read. */
  readonly unreadable?: GatewayError;
  /** An open login, here or in another process. */
  readonly lease: LeaseRecord | undefined;
  /** The client of the last login, where that has ended and nobody finished it. */
  readonly unprovenClientId?: string | undefined;
}

export async function lookAtSavedLogin(
  deps: { readonly store: TokenStore; readonly leases: Pick<LoginLeases, 'read' | 'isFresh'> },
  { key, directory }: { readonly key: string; readonly directory: string },
): Promise<SavedLogin> {
  const path = join(directory, `${key}.json`);
  const [file, place] = [await placeOf(path), await placeOf(directory)];
  const lease = await deps.leases.read(key);
  const isOpen = lease !== undefined && deps.leases.isFresh(lease);
  const seen = {
    path,
    directory,
    file,
    place: place && { ...place, writable: await isWritable(directory) },
    // There is none on Windows.
    uid: thisProcess.getuid?.() ?? -1,
    lease: isOpen ? lease : undefined,
    unprovenClientId: isOpen ? undefined : lease?.unprovenClientId,
  };
  try {
    return { ...seen, record: await deps.store.read(key) };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { ...seen, record: undefined, unreadable: error };
  }
}

async function placeOf(path: string): Promise<PlaceOnDisk | undefined> {
  try {
    const { mode, uid } = await stat(path);
    return { mode: (mode & 0o7777).toString(8).padStart(4, '0'), uid };
  } catch {
    // Not there, or in a directory that is closed to us: the read that follows says which.
    return undefined;
  }
}

async function isWritable(directory: string): Promise<boolean> {
  try {
    await access(directory, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    // That is the answer.
    return false;
  }
}

/** Whether a login is there that the next call can use, as far as the file tells. */
export type LoginState = 'usable' | 'refreshable' | 'expired' | 'none' | 'unreadable';

/** Pure. */
export function stateOf({ record, unreadable }: Pick<SavedLogin, 'record' | 'unreadable'>, now: number): LoginState {
  if (unreadable) return 'unreadable';
  const tokens = record?.tokens;
  if (!tokens) return 'none';
  if (!isExpired(tokens, now)) return 'usable';
  return tokens.refresh_token === undefined ? 'expired' : 'refreshable';
}

export interface SavedLoginContext {
  readonly server: string;
  readonly now: number;
  /** What discovery found; undefined where it found nothing. */
  readonly discovery: { readonly issuer: string; readonly resource?: string } | undefined;
  /** Whether a login is needed at all. */
  readonly needed: boolean;
}

/** Pure. */
export function judgeSavedLogin(saved: SavedLogin, context: SavedLoginContext): DoctorStep {
  const { record } = saved;
  const state = stateOf(saved, context.now);
  const tokens = record?.tokens;
  const facts = {
    file: saved.path,
    mode: saved.file?.mode ?? null,
    directory_mode: saved.place?.mode ?? null,
    directory_writable: saved.place?.writable ?? null,
    state,
    issuer: record?.issuer ?? null,
    resource: record?.resource ?? null,
    account: record?.account ?? null,
    scope: tokens?.scope ?? null,
    token_type: tokens?.token_type ?? null,
    expires_at: tokens?.expires_at === undefined ? null : new Date(tokens.expires_at * 1000).toISOString(),
    refresh_token: tokens?.refresh_token !== undefined,
    refresh_due: tokens !== undefined && isDue(tokens, context.now),
    open_login: saved.lease === undefined ? null : `process ${saved.lease.pid} on ${saved.lease.host}`,
  };
  return stepOf('saved_login', { summary: summaryOf(state, saved, context), facts }, findings(saved, context, state));
}

function summaryOf(state: LoginState, { record, lease }: SavedLogin, { needed }: SavedLoginContext): string {
  const who = record?.account === undefined ? '' : ` of ${foreign(record.account)}`;
  const open = lease === undefined ? '' : '; one is open';
  switch (state) {
    case 'usable':
      return `a login${who} is saved`;
    case 'refreshable':
      return `a login${who} is saved; its token has expired and is refreshed by the next call`;
    case 'expired':
      return `a login${who} is saved; it has expired and cannot be refreshed${open}`;
    case 'none':
      return `${needed ? 'no login is saved' : 'no login is saved, and none is needed now'}${open}`;
    case 'unreadable':
      return 'the saved login cannot be read';
    default:
      return state satisfies never;
  }
}

function findings(saved: SavedLogin, context: SavedLoginContext, state: LoginState): readonly Finding[] {
  const command = `portico login ${context.server}`;
  const found: Finding[] = [];
  if (saved.unreadable) {
    const { message, hint = 'Restore a copy, or delete it and log in again.' } = saved.unreadable;
    found.push({ status: 'failed', summary: message, fix: { explanation: hint } });
  }
  if (state === 'expired' || (state === 'none' && context.needed)) {
    found.push({
      status: 'warning',
      summary: summaryOf(state, saved, context),
      fix: { command, explanation: 'Log in.' },
    });
  }
  if (saved.record?.tokens) found.push(...bindingFindings(saved.record, context, command));
  if (saved.record?.tokens && saved.record.tokens.refresh_token === undefined && state === 'usable') {
    found.push({
      status: 'warning',
      summary: 'no refresh token was issued: a human must log in again when the token expires',
      fix: {
        explanation:
          'Some servers give one for the scope offline_access, or with "oauth": {"authorizationParams": {"access_type": "offline", "prompt": "consent"}}.',
      },
    });
  }
  return [...found, ...diskFindings(saved, context.needed)];
}

/** Another issuer means a new registration and a new login; nothing of the old one is sent there. */
function bindingFindings(record: LoginRecord, { discovery }: SavedLoginContext, command: string): readonly Finding[] {
  if (!discovery) return [];
  if (record.issuer !== discovery.issuer) {
    return [
      {
        status: 'warning',
        summary: `the login comes from ${showUrl(record.issuer)}, the server now names ${showUrl(discovery.issuer)}`,
        requirement: requirements.mixUp,
        fix: { command, explanation: 'When this login ends, a new one at the other issuer is needed.' },
      },
    ];
  }
  if (record.resource === discovery.resource) return [];
  const [then, now] = [record.resource, discovery.resource].map((one) => (one === undefined ? 'none' : foreign(one)));
  return [
    {
      status: 'warning',
      summary: `the login was made for the resource ${then}, a new one would send ${now}`,
      requirement: requirements.target,
      fix: { command, explanation: 'If the server rejects the token, log in again.' },
    },
  ];
}

function diskFindings({ file, place, directory, path, uid }: SavedLogin, needed: boolean): readonly Finding[] {
  const found: Finding[] = [];
  if (file && process.platform !== 'win32' && /[1-7]/.test(file.mode.slice(-2))) {
    found.push({
      status: 'warning',
      summary: `the file ${path} could be read by others (mode ${file.mode}); it is closed`,
    });
  }
  if (place?.writable === false && (needed || file)) {
    const own = place.uid === uid;
    found.push({
      status: 'failed',
      summary: `the directory ${directory} cannot be written by uid ${uid} (owner ${place.uid}, mode ${place.mode}): a refreshed login would be lost`,
      fix: {
        command: own ? `chmod u+rwx '${directory}'` : `sudo chown -R ${uid} '${directory}'`,
        explanation:
          'In a container, run as the user that owns the mounted directory (docker run --user), and mount it writable.',
      },
    });
  }
  return found;
}
