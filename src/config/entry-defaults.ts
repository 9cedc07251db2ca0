// Owns the defaults, and making an entry of checked values; knows nothing of how they were checked.
import { isAbsolute, resolve } from 'node:path';
import { deepFreeze } from '../lib/freeze.ts';
import { present } from '../lib/present.ts';
import { Secret } from '../lib/secret.ts';
import type { RawOAuth } from './oauth-schema.ts';
import type { AssertionSource, HttpServerEntry, OAuthSettings, StdioServerEntry } from './server-entry.ts';
import type { RawHttp, RawStdio } from './servers-schema.ts';

export const defaults = {
  timeoutMs: 600_000,
  totalTimeoutMs: 14_400_000,
  connectTimeoutMs: { stdio: 120_000, http: 30_000 },
  maxResultBytes: 1024 * 1024,
  protocol: 'auto',
  grantType: 'authorization_code',
  callbackHost: '127.0.0.1',
} as const;

export interface EntryOrigin {
  readonly name: string;
  /** What relative paths start from: the directory of the config file. */
  readonly directory: string;
}

export function stdioEntry(raw: RawStdio, { name, directory }: EntryOrigin): StdioServerEntry {
  return deepFreeze<StdioServerEntry>({
    kind: 'stdio',
    ...baseOf(raw, name, defaults.connectTimeoutMs.stdio),
    command: raw.command,
    args: raw.args ?? [],
    env: { ...raw.env },
    inheritEnv: raw.inheritEnv ?? [],
    ...present({ cwd: raw.cwd === undefined ? undefined : resolve(directory, raw.cwd) }),
  });
}

/** `oauth` is the checked block: `false` where the entry never logs in. */
export function httpEntry(raw: RawHttp, oauth: RawOAuth | false, { name, directory }: EntryOrigin): HttpServerEntry {
  const kept = Object.entries(raw.headers ?? {}).filter(([header]) => oauth === false || !isAuthorization(header));
  return deepFreeze<HttpServerEntry>({
    kind: 'http',
    ...baseOf(raw, name, defaults.connectTimeoutMs.http),
    transport: transportOf(raw.type ?? raw.transport),
    url: raw.url,
    headers: Object.fromEntries(kept),
    oauth: oauth === false ? false : oauthSettings(oauth, directory),
  });
}

export function isAuthorization(header: string): boolean {
  return header.toLowerCase() === 'authorization';
}

function baseOf(raw: RawStdio | RawHttp, name: string, connectTimeoutMs: number) {
  return {
    name,
    disabled: raw.disabled ?? false,
    timeoutMs: raw.timeoutMs ?? defaults.timeoutMs,
    totalTimeoutMs: raw.totalTimeoutMs ?? defaults.totalTimeoutMs,
    connectTimeoutMs: raw.connectTimeoutMs ?? connectTimeoutMs,
    maxResultBytes: raw.maxResultBytes ?? defaults.maxResultBytes,
    protocol: raw.protocol ?? defaults.protocol,
    ...present({
      description: raw.description,
      profile: raw.profile,
      idleTimeoutMs: raw.idleTimeoutMs,
      expose: raw.expose,
      toolPinning: raw.toolPinning === 'off' ? undefined : raw.toolPinning,
    }),
  };
}

function transportOf(type: RawHttp['type']): HttpServerEntry['transport'] {
  if (type === undefined || type === 'stdio') return 'auto';
  return type === 'sse' ? 'sse' : 'http';
}

function oauthSettings(raw: RawOAuth, directory: string): OAuthSettings {
  const { clientSecret, privateKey, assertion, idp, ...plain } = raw;
  return {
    ...present(plain),
    ...present({
      clientSecret: clientSecret === undefined ? undefined : new Secret(clientSecret),
      privateKey: privateKey === undefined ? undefined : keySecret(privateKey, directory),
      assertion: assertion === undefined ? undefined : assertionSource(assertion, directory),
      idp: idp && { clientId: idp.clientId, idToken: new Secret(idp.idToken), tokenEndpoint: idp.tokenEndpoint },
    }),
    grantType: raw.grantType ?? defaults.grantType,
    dpop: raw.dpop ?? false,
    callbackHost: raw.callbackHost ?? defaults.callbackHost,
    authorizationParams: { ...raw.authorizationParams },
  };
}

/** A PEM and a JWK say what they are by their first characters; everything else is a path. */
function keySecret(key: NonNullable<RawOAuth['privateKey']>, directory: string): Secret {
  if (typeof key !== 'string') return new Secret(JSON.stringify(key));
  const isKey = key.trimStart().startsWith('-----BEGIN') || key.trimStart().startsWith('{');
  return new Secret(isKey || isAbsolute(key) ? key : resolve(directory, key));
}

function assertionSource(source: NonNullable<RawOAuth['assertion']>, directory: string): AssertionSource {
  if (typeof source === 'string') return { kind: 'value', value: new Secret(source) };
  if ('file' in source) return { kind: 'file', path: resolve(directory, source.file) };
  return { kind: 'command', command: source.command, args: source.args ?? [] };
}
