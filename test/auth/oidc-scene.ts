// Owns the scene of the login tests whose authorization server nobody here wrote: the npm package oidc-provider.
import type { OidcProviderOptions, OidcProviderServer } from '../../fixtures/http/oidc-provider-server.mjs';
import { startOidcProviderServer } from '../../fixtures/http/oidc-provider-server.mjs';
import type { Authority } from './login-scene.ts';
import { openScene } from './login-scene.ts';

export type OidcScene = Awaited<ReturnType<typeof startOidcScene>>;

export async function startOidcScene(options: OidcProviderOptions = {}) {
  const provider = await startOidcProviderServer(options);
  const { protectedServer: server, close } = provider;
  return { provider, ...(await openScene({ authority: authorityOf(provider), server, closeServers: close })) };
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
