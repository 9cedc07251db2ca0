// Owns the scene of the login tests whose authorization server nobody here wrote: the npm package oidc-provider.
import type { OidcProviderOptions, OidcProviderServer } from '../../fixtures/http/oidc-provider-server.mjs';
import { startOidcProviderServer } from '../../fixtures/http/oidc-provider-server.mjs';
import type { Authority, CommonOptions, LoginScene } from './login-scene.ts';
import { openScene } from './login-scene.ts';

export type OidcScene = Awaited<ReturnType<typeof startOidcScene>>;

export async function startOidcScene(options: OidcProviderOptions = {}) {
  const provider = await startOidcProviderServer(options);
  const { protectedServer: server, close } = provider;
  return { provider, ...(await openScene({ authority: authorityOf(provider), server, closeServers: close })) };
}

/**
 * The same, told in the words that every authorization server here understands; as strict with redirect URIs as many that
 * do not know that ports of loopback addresses change (RFC 8252 section 7.3).
 */
export async function startCommonOidcScene({ scopesSupported, ...options }: CommonOptions = {}): Promise<LoginScene> {
  const protectedServer = scopesSupported && { protectedServer: { scopesSupported } };
  return await startOidcScene({ strictRedirects: true, ...options, ...protectedServer });
}

function authorityOf(provider: OidcProviderServer): Authority {
  const { issuer, log, counts, faults } = provider;
  const requests = (path: string) => log.filter((entry) => entry.path === path);
  return {
    issuer,
    endpoints: { token: `${issuer}/token`, revocation: `${issuer}/token/revocation` },
    counts: () => ({
      ...counts,
      revocations: requests('/token/revocation').filter(({ status }) => status === 200).length,
      refused: requests('/token').filter(
        ({ form, status }) => form?.['grant_type'] === 'refresh_token' && status >= 400,
      ).length,
    }),
    tokenRequests: () =>
      requests('/token').map(({ form = {}, authorization }) => ({
        form,
        ...(authorization !== undefined && { authorization }),
      })),
    fail(endpoint: keyof typeof faults, fault: '503' | 'html' | 'drop' | undefined) {
      Object.assign(faults, { [endpoint]: fault });
    },
    forgetClients: provider.forgetClients,
    expireAccessTokens: provider.expireAccessTokens,
    revokeLogins: provider.revokeLogins,
  };
}
