// Owns the list of keys that are read and checked, and whose behaviour this version does not have yet.
import type { JsonPath } from './json-document.ts';
import type { OAuthSettings, ServerEntry } from './server-entry.ts';

export interface LaterKey {
  /** As in docs/configuration.md. */
  readonly key: string;
  readonly path: JsonPath;
  /** Which values are not in force; absent: every one. */
  readonly values?: string;
  isUsed(entry: ServerEntry): boolean;
}

export const laterKeys: readonly LaterKey[] = [
  {
    key: 'protocol',
    path: ['protocol'],
    values: '"2026-07-28"',
    isUsed: (entry) => entry.protocol === '2026-07-28',
  },
  laterOAuth('clientMetadataUrl', (oauth) => oauth.clientMetadataUrl !== undefined),
  laterOAuth('grantType', (oauth) => oauth.grantType !== 'authorization_code', 'all but "authorization_code"'),
  laterOAuth('privateKey', (oauth) => oauth.privateKey !== undefined),
  laterOAuth('signingAlg', (oauth) => oauth.signingAlg !== undefined),
  laterOAuth('assertion', (oauth) => oauth.assertion !== undefined),
  laterOAuth('idp', (oauth) => oauth.idp !== undefined),
  laterOAuth('dpop', (oauth) => oauth.dpop, 'true'),
  laterOAuth(
    'tokenEndpointAuthMethod',
    (oauth) => oauth.tokenEndpointAuthMethod === 'private_key_jwt',
    '"private_key_jwt"',
  ),
];

function laterOAuth(key: string, isUsed: (oauth: OAuthSettings) => boolean, values?: string): LaterKey {
  return {
    key: `oauth.${key}`,
    path: ['oauth', key],
    ...(values === undefined ? {} : { values }),
    isUsed: (entry) => entry.kind === 'http' && entry.oauth !== false && isUsed(entry.oauth),
  };
}
