// Owns giving tokens back (RFC 7009); knows nothing of stores.
import { revocationRequest } from 'oauth4webapi';
import { errorText } from '../errors.ts';
import type { FetchLike } from '../lib/fetch-like.ts';
import { readAnswer } from './answer.ts';
import type { ClientKey } from './client-auth.ts';
import { clientAuthOf, clientOf, requestOptions } from './client-auth.ts';
import { judgeEndpoint } from './endpoint-rule.ts';
import { describeAnswer, describeThrown } from './oauth-errors.ts';
import type { LoginRecord } from './token-store.ts';

export type RevocationOutcome = 'revoked' | 'not_offered' | { readonly failed: string };

/** An answer of the authorization server is never thrown: a logout goes on without it. @throws the reason of an aborted signal */
export async function revokeTokens(
  deps: { readonly fetch: FetchLike },
  input: {
    readonly server: string;
    readonly record: LoginRecord;
    readonly key?: ClientKey | undefined;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<RevocationOutcome> {
  const { server, record, signal } = input;
  const { tokens, client, revocation_endpoint: endpoint } = record;
  if (endpoint === undefined || tokens === undefined) return 'not_offered';
  const verdict = judgeEndpoint(endpoint, { serverUrl: record.server_url, issuer: record.issuer });
  if (verdict.kind === 'refused') return { failed: `the revocation endpoint: ${verdict.reason}` };
  const as = { issuer: record.issuer, revocation_endpoint: endpoint };
  const secrets = [tokens.access_token, tokens.refresh_token, client.client_secret];
  // The refresh token first: with it go the access tokens of most servers (RFC 7009 section 2.1), but not of all.
  const both: readonly (readonly [string, string | undefined])[] = [
    ['refresh_token', tokens.refresh_token],
    ['access_token', tokens.access_token],
  ];
  let failed: string | undefined;
  for (const [hint, token] of both) {
    if (token === undefined) continue;
    try {
      const response = await revocationRequest(
        as,
        clientOf(client),
        await clientAuthOf(server, client, input.key),
        token,
        {
          ...requestOptions(deps.fetch, endpoint, signal),
          additionalParameters: { token_type_hint: hint },
        },
      );
      const answer = await readAnswer(response);
      // RFC 7009 section 2.2.1: `unsupported_token_type` is common for access tokens, which end by themselves.
      const refusedType = hint === 'access_token' && tokens.refresh_token !== undefined && answer.status === 400;
      if ((answer.status < 200 || answer.status > 299) && !refusedType) failed ??= describeAnswer(answer, secrets);
    } catch (error) {
      signal?.throwIfAborted();
      failed ??=
        error instanceof Error && error.name === 'GatewayError' ? errorText(error) : describeThrown(error, secrets);
    }
  }
  return failed === undefined ? 'revoked' : { failed };
}
