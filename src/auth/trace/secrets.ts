// Owns which values must not be in a doctor's report, whoever says them. Pure.
import type { HttpServerEntry } from '../../config/server-entry.ts';
import type { LoginRecord } from '../token-store.ts';

/** Shorter values are no secrets, and would take innocent words out of the report. Characters. */
const minLength = 8;

export function secretsOf(entry: HttpServerEntry, record: LoginRecord | undefined): readonly string[] {
  const headers = Object.values(entry.headers).flatMap((value) => [value, value.replace(/^\S+ +/, '')]);
  const settings = entry.oauth === false ? undefined : entry.oauth;
  const { client, tokens } = record ?? {};
  const all = [
    ...headers,
    settings?.clientSecret?.reveal(),
    settings?.privateKey?.reveal(),
    settings?.idp?.idToken.reveal(),
    settings?.assertion?.kind === 'value' ? settings.assertion.value.reveal() : undefined,
    client?.client_secret,
    tokens?.access_token,
    tokens?.refresh_token,
  ];
  const secrets = all.filter((value) => value !== undefined && value.length >= minLength) as string[];
  // The longest first: a secret that holds another one is replaced as a whole.
  return [...new Set(secrets)].sort((one, other) => other.length - one.length);
}
