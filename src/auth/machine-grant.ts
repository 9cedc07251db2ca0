// Owns the grants that need no human: what is sent to which token endpoint for them. Knows nothing of when, nor of stores.
import { genericTokenEndpointRequest } from 'oauth4webapi';
import type { HttpServerEntry, OAuthSettings } from '../config/server-entry.ts';
import type { AuthChallenge } from '../errors.ts';
import { GatewayError } from '../errors.ts';
import type { FetchLike } from '../lib/fetch-like.ts';
import type { Answer } from './answer.ts';
import { readAnswer } from './answer.ts';
import { readAssertion } from './assertion.ts';
import { chooseScope } from './authorize.ts';
import type { Environment } from './browser.ts';
import { clientAuthOf, clientOf, requestOptions } from './client-auth.ts';
import { requireBinding } from './client-binding.ts';
import { configuredClient } from './configured-client.ts';
import type { Discovery } from './discover.ts';
import { discover } from './discover.ts';
import type { DpopKey } from './dpop.ts';
import { createDpopKey, openDpopKey, withProof } from './dpop.ts';
import { identityAssertion } from './identity-assertion.ts';
import { describeAnswer, describeThrown, refusedBy } from './oauth-errors.ts';
import { recordOf } from './save-login.ts';
import { isDpopType, judgeTokenAnswer } from './token-response.ts';
import type { LoginRecord, SavedClient } from './token-store.ts';

export const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

export interface MachineGrantDeps {
  readonly fetch: FetchLike;
  readonly now: () => number;
  readonly env: Environment;
}

export interface MachineGrantInput {
  readonly entry: HttpServerEntry;
  readonly settings: OAuthSettings;
  /** What the server asked for. */
  readonly challenge: AuthChallenge;
  readonly before: LoginRecord | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Whether the config names a grant that runs without a human. */
export function isMachineGrant({ grantType }: OAuthSettings): boolean {
  return grantType === 'client_credentials' || grantType === jwtBearer;
}

/** @returns the record of the new login, not saved yet. @throws GatewayError AUTH_FAILED, SERVER_UNAVAILABLE, CONFIG_INVALID */
export async function obtainByGrant(deps: MachineGrantDeps, input: MachineGrantInput): Promise<LoginRecord> {
  const { entry, settings, challenge, before, signal } = input;
  const asked = { server: entry.name, serverUrl: entry.url, headers: entry.headers };
  const discovery = await discover(deps, { ...asked, challenge, settings, signal });
  requireBinding(entry.name, { settings, issuer: discovery.issuer, saved: before });
  const client = clientOfConfig(entry, settings, discovery);
  const alreadyGranted = challenge.error === 'insufficient_scope' ? before?.tokens?.scope : undefined;
  const { as, scopesSupported } = discovery;
  // `offline_access` means something to humans' logins only, so the list of the authorization server is kept away.
  const { scopes_supported: _scopes, ...machineAs } = as;
  const scope = chooseScope({ settings, challenge, scopesSupported, as: machineAs, alreadyGranted });
  const dpop = await keyFor(deps, input, discovery);
  const parameters: Readonly<Record<string, string>> = {
    ...(await grantParameters(deps, input, discovery, scope)),
    ...(scope !== undefined && { scope }),
    ...(discovery.resource !== undefined && { resource: discovery.resource }),
  };
  const now = deps.now();
  const answer = await ask(deps, input, { discovery, client, parameters, dpop });
  const verdict = judgeTokenAnswer(answer, { now, requested: scope, dpop: dpop !== undefined });
  if (verdict.kind !== 'tokens') {
    throw refused(input, discovery, answer, [client.client_secret, parameters['assertion']]);
  }
  const { tokens } = verdict;
  const exchanged = { tokens, client, ...(dpop && isDpopType(tokens.token_type) && { dpop }) };
  return recordOf({ entry, discovery, exchanged }, { before, now });
}

/** Every such grant needs a client that the authorization server knows already; there is no human to approve a new one. */
function clientOfConfig(entry: HttpServerEntry, settings: OAuthSettings, discovery: Discovery): SavedClient {
  const client = configuredClient(settings, discovery, '');
  if (client) {
    const { redirect_uri: _none, ...machine } = client;
    return machine;
  }
  const server = entry.name;
  throw new GatewayError('AUTH_FAILED', `server '${server}': oauth.grantType needs a client that is registered`, {
    server,
    hint: `Set oauth.clientId, and oauth.clientSecret or oauth.privateKey, to what ${discovery.issuer} knows.`,
  });
}

async function keyFor(
  deps: MachineGrantDeps,
  { entry, settings, challenge, before }: MachineGrantInput,
  { as, issuer, dpopRequired }: Discovery,
): Promise<DpopKey | undefined> {
  if (!settings.dpop && challenge.dpop !== true && dpopRequired !== true) return undefined;
  const saved = before?.issuer === issuer ? before.dpop_key : undefined;
  return saved ? openDpopKey(saved, deps.now) : await createDpopKey(entry.name, as, deps.now);
}

async function grantParameters(
  deps: MachineGrantDeps,
  input: MachineGrantInput,
  discovery: Discovery,
  scope: string | undefined,
): Promise<Readonly<Record<string, string>>> {
  const { entry, settings, signal } = input;
  if (settings.grantType !== jwtBearer) return {};
  if (settings.idp) {
    const asked = { server: entry.name, idp: settings.idp, discovery, scope, signal };
    return { assertion: await identityAssertion(deps, asked) };
  }
  const source = settings.assertion;
  if (source) return { assertion: await readAssertion(entry.name, source, { env: deps.env, signal }) };
  throw new GatewayError('CONFIG_INVALID', `server '${entry.name}': oauth.grantType jwt-bearer has no assertion`, {
    server: entry.name,
    hint: 'Set oauth.assertion or oauth.idp.',
  });
}

async function ask(
  deps: MachineGrantDeps,
  { entry, settings, signal }: MachineGrantInput,
  request: {
    readonly discovery: Discovery;
    readonly client: SavedClient;
    readonly parameters: Readonly<Record<string, string>>;
    readonly dpop: DpopKey | undefined;
  },
): Promise<Answer> {
  const { discovery, client, parameters, dpop } = request;
  const { as, issuer } = discovery;
  const auth = await clientAuthOf(entry.name, client, settings);
  try {
    const response = await withProof(deps.fetch, dpop, (proving) => {
      const options = requestOptions(proving, as.token_endpoint ?? issuer, signal);
      return genericTokenEndpointRequest(as, clientOf(client), auth, settings.grantType, parameters, options);
    });
    return await readAnswer(response);
  } catch (error) {
    signal?.throwIfAborted();
    const reason = describeThrown(error, [client.client_secret, parameters['assertion']]);
    throw unreachable(entry.name, `${as.token_endpoint ?? issuer} gives no answer: ${reason}`);
  }
}

/** Trouble of the authorization server says nothing about the config (RFC 9110 sections 15.6 and 10.2.3). */
function refused(
  { entry, settings }: MachineGrantInput,
  { as, issuer }: Discovery,
  answer: Answer,
  secrets: readonly (string | undefined)[],
): GatewayError {
  const endpoint = as.token_endpoint ?? issuer;
  if (answer.status >= 500 || answer.status === 429) {
    return unreachable(entry.name, `${endpoint} answers ${describeAnswer(answer, secrets)}`);
  }
  const step = `the ${settings.grantType.split(':').at(-1)} grant at ${endpoint}`;
  return refusedBy(answer, { server: entry.name, step, secrets, hint: `portico doctor ${entry.name}` });
}

function unreachable(server: string, what: string): GatewayError {
  return new GatewayError(
    'SERVER_UNAVAILABLE',
    `server '${server}': the authorization server is temporarily unreachable: ${what}`,
    { server, hint: 'Try again later.' },
  );
}
