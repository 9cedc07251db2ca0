// Owns the keys of the `oauth` block and what their values may be; knows nothing of how a login runs.
import * as z from 'zod/mini';
import { clientMetadataUrlProblem } from './client-metadata-url.ts';
import type { GrantType } from './server-entry.ts';
import { hasControlCharacters, isHost, isObject, urlProblem } from './value-checks.ts';

export const grantTypes = [
  'authorization_code',
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:device_code',
  'urn:ietf:params:oauth:grant-type:jwt-bearer',
] as const satisfies readonly GrantType[];

/** RFC 7591 section 2, and RFC 7523 for the last. */
const authMethods = ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const;

/** JWS algorithms with a key pair (RFC 7518 section 3.1, RFC 8037, RFC 9864). */
const signingAlgs = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
] as const;

const filled = z.string().check(z.minLength(1));
export const url = filled.check(judgedBy(urlProblem));
const clientMetadataUrl = filled.check(judgedBy(clientMetadataUrlProblem));
const oneLine = filled.check(z.refine((text) => !hasControlCharacters(text), 'must not hold line breaks'));

const assertion = z.custom<string | { file: string } | { command: string; args?: string[] }>(
  (value) => value !== '' && (typeof value === 'string' || isAssertionSource(value)),
  'must be a JWT, {"file": path} or {"command": program, "args": [...]}',
);

const privateKey = z.custom<string | Record<string, unknown>>(
  (value) => (typeof value === 'string' && value !== '') || (isObject(value) && typeof value['kty'] === 'string'),
  'must be a PKCS#8 PEM, a JWK or a path',
);

const idp = z.object({ clientId: oneLine, idToken: filled, tokenEndpoint: url });

export const oauthSchema = z.object({
  clientId: z.optional(oneLine),
  clientSecret: z.optional(filled),
  clientMetadataUrl: z.optional(clientMetadataUrl),
  scope: z.optional(oneLine),
  grantType: z.optional(z.enum(grantTypes)),
  privateKey: z.optional(privateKey),
  signingAlg: z.optional(z.enum(signingAlgs)),
  assertion: z.optional(assertion),
  idp: z.optional(idp),
  dpop: z.optional(z.boolean()),
  callbackHost: z.optional(
    z.string().check(z.refine(isHost, 'must be a host name or address, without scheme and port')),
  ),
  callbackPort: z.optional(z.int().check(z.minimum(1), z.maximum(65_535))),
  redirectUri: z.optional(url),
  resource: z.optional(
    z.custom<string | false>(
      (value) => value === false || (typeof value === 'string' && value !== '' && !hasControlCharacters(value)),
      'must be a string or false',
    ),
  ),
  tokenEndpointAuthMethod: z.optional(z.enum(authMethods)),
  authorizationParams: z.optional(z.record(z.string(), z.string())),
  issuer: z.optional(url),
});

export type RawOAuth = z.infer<typeof oauthSchema>;

export const oauthKeys: readonly string[] = Object.keys(oauthSchema.shape);
export const idpKeys: readonly string[] = Object.keys(idp.shape);

function judgedBy(problemOf: (text: string) => string | undefined) {
  return z.superRefine<string>((text, context) => {
    const problem = problemOf(text);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });
}

function isAssertionSource(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { file, command, args = [] } = value;
  if ((file === undefined) === (command === undefined)) return false;
  if (file !== undefined) return typeof file === 'string' && file !== '';
  return (
    typeof command === 'string' &&
    command !== '' &&
    Array.isArray(args) &&
    args.every((argument) => typeof argument === 'string')
  );
}
