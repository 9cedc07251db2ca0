// Owns what one row of the provider table says: how its servers behave, what a user configures, what goes over the wire.
import type {
  AuthMethod,
  AuthorizationFaults,
  AuthorizationSettings,
} from '../../../fixtures/http/authorization-server/authority.mjs';
import type { ProtectedOptions } from '../../../fixtures/http/protected-server.mjs';
import type { ProviderStage } from './provider-stage.ts';

/** Two servers under the names that the provider gives them; one, where both are at the same origin. */
export interface ProviderShape {
  /** The MCP endpoint, as a user writes it. */
  readonly url: string;
  /** Where the authorization server is: an origin and a path. */
  readonly issuer: string;
  readonly authorization?: Partial<AuthorizationSettings> & { readonly faults?: AuthorizationFaults };
  readonly resource?: Partial<ProtectedOptions>;
}

/** A login that cannot work, with the error that has to say why and what to do. */
export interface Refusal {
  /** How much of the configuration is there already; absent: nothing but the URL. */
  readonly configured?: 'client id' | 'app';
  /** Before there is a login URL, or when the human has come back. */
  readonly at: 'start' | 'end';
  readonly message: readonly RegExp[];
  readonly hint: readonly RegExp[];
}

export interface ProviderRow extends ProviderShape {
  readonly provider: string;
  /** Numbers of the list of behaviours. */
  readonly proves: string;
  readonly quirk: string;
  /** Refused in this order, before the configuration is complete. */
  readonly refused?: readonly Refusal[];
  /** A client has to be registered by hand, with this method. */
  readonly app?: AuthMethod;
  /** The `oauth` block, besides what an app needs. */
  readonly oauth?: Readonly<Record<string, unknown>>;
  readonly wire: {
    readonly registrations: number;
    /** Of every request to the token endpoint. */
    readonly method: AuthMethod;
    /** The same in the authorization request, the exchange and the refresh. */
    readonly resource: string | undefined;
    readonly scope: string | undefined;
    /** Other parameters of the authorization request. */
    readonly authorize?: Readonly<Record<string, string | undefined>>;
  };
  /** What else is known of this provider, after the login and a refresh. */
  readonly after?: (stage: ProviderStage) => Promise<void>;
}

/** What a vendor without registration is answered with: its need, the redirect URI, the keys. */
export const noRegistration: Refusal = {
  at: 'start',
  message: [/does not let clients register themselves/],
  hint: [
    /redirect URI http:\/\/127\.0\.0\.1:\d+\/callback/,
    /oauth\.clientId/,
    /oauth\.clientSecret/,
    /oauth\.callbackPort/,
  ],
};
