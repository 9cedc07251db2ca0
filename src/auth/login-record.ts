// Owns the reading of a saved login: which member must be what; pure, knows nothing of where it is kept.
import { numberMember, stringMember } from './answer.ts';
import type { LoginRecord, SavedClient, SavedTokens, TokenEndpointAuthMethod } from './token-store.ts';

/** The version that is written. A higher one is read forward: its members are kept, its version too. */
export const recordVersion = 1;

type Members = Readonly<Record<string, unknown>>;

const authMethods: readonly TokenEndpointAuthMethod[] = [
  'none',
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
];

const knownMembers: ReadonlySet<string> = new Set([
  'version',
  'server_url',
  'profile',
  'resource',
  'issuer',
  'token_endpoint',
  'revocation_endpoint',
  'client',
  'tokens',
  'dpop_key',
  'account',
  'updated_at',
]);

export type ParsedRecord =
  | { readonly kind: 'record'; readonly record: LoginRecord }
  /** What is wrong, without a value: the values are secrets. */
  | { readonly kind: 'invalid'; readonly reason: string };

/** Checks the members that are used, keeps all others. */
export function parseLoginRecord(value: unknown): ParsedRecord {
  if (!isObject(value)) return invalid('it holds no JSON object');
  for (const name of ['server_url', 'issuer', 'token_endpoint']) {
    if (!URL.canParse(stringMember(value, name) ?? '')) return invalid(`${name} is no URL`);
  }
  for (const name of ['profile', 'resource', 'revocation_endpoint', 'account']) {
    if (value[name] !== undefined && typeof value[name] !== 'string') return invalid(`${name} is no string`);
  }
  if (value['dpop_key'] !== undefined && !isObject(value['dpop_key'])) return invalid('dpop_key is no object');
  if (typeof value['version'] !== 'number') return invalid('version is no number');
  const client = parseClient(value['client']);
  if (typeof client === 'string') return invalid(client);
  const tokens = value['tokens'] === undefined ? undefined : parseTokens(value['tokens']);
  if (typeof tokens === 'string') return invalid(tokens);
  const members = value as Members & Omit<LoginRecord, 'client' | 'tokens' | 'updated_at'>;
  const updatedAt = numberMember(value, 'updated_at') ?? 0;
  return { kind: 'record', record: { ...members, client, ...(tokens && { tokens }), updated_at: updatedAt } };
}

/** The record as it replaces what is saved: what a newer version wrote there and this one does not know stays. */
export function mergeUnknown(record: LoginRecord, saved: LoginRecord | undefined): LoginRecord {
  if (!saved) return record;
  const unknown = Object.entries(saved).filter(([name]) => !knownMembers.has(name));
  return { ...Object.fromEntries(unknown), ...record, version: Math.max(record.version, saved.version) };
}

/** `updated_at` of the next save: now, and later than the last one, whatever the clocks of two machines say. */
export function nextUpdatedAt(previous: LoginRecord | undefined, now: number): number {
  return Math.max(Math.floor(now / 1000), (previous?.updated_at ?? 0) + 1);
}

/** Whether both are one and the same state of a login: neither was refreshed, ended or replaced since the other. */
export function sameLogin(one: LoginRecord | undefined, other: LoginRecord | undefined): boolean {
  return (
    one?.tokens?.access_token === other?.tokens?.access_token &&
    one?.tokens?.refresh_token === other?.tokens?.refresh_token &&
    one?.client.client_id === other?.client.client_id
  );
}

function parseClient(value: unknown): SavedClient | string {
  if (!isObject(value) || stringMember(value, 'client_id') === undefined) return 'client.client_id is missing';
  if (!authMethods.some((method) => method === value['token_endpoint_auth_method'])) {
    return 'client.token_endpoint_auth_method is none that is known';
  }
  for (const name of ['client_secret', 'redirect_uri', 'refused_document']) {
    if (value[name] !== undefined && typeof value[name] !== 'string') return `client.${name} is no string`;
  }
  if (value['private_key'] !== undefined && !isObject(value['private_key'])) return 'client.private_key is no object';
  if (value['grant_types'] !== undefined && !Array.isArray(value['grant_types']))
    return 'client.grant_types is no list';
  for (const name of ['client_secret_expires_at', 'registered_at']) {
    if (value[name] !== undefined && typeof value[name] !== 'number') return `client.${name} is no number`;
  }
  return value as unknown as SavedClient;
}

/** ECMA-262 section 21.4.1.1: what a date can be, in seconds. */
const lastInstant = 8.64e12;

function parseTokens(value: unknown): SavedTokens | string {
  if (!isObject(value) || stringMember(value, 'access_token') === undefined) return 'tokens.access_token is missing';
  for (const name of ['refresh_token', 'token_type', 'scope']) {
    if (value[name] !== undefined && typeof value[name] !== 'string') return `tokens.${name} is no string`;
  }
  for (const name of ['expires_at', 'issued_at']) {
    if (value[name] !== undefined && typeof value[name] !== 'number') return `tokens.${name} is no number`;
  }
  const tokens = { token_type: 'Bearer', ...value } as unknown as SavedTokens;
  const { expires_at: end } = tokens;
  return end !== undefined && Math.abs(end) > lastInstant ? { ...tokens, expires_at: lastInstant } : tokens;
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(reason: string): ParsedRecord {
  return { kind: 'invalid', reason };
}
