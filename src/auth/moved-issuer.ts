// Owns telling whether a server has gone over to another authorization server while a human was at the old one.
import { LoginAbandonedError } from '../errors.ts';
import { quoteForeign } from './answer.ts';
import type { Discovery } from './discover.ts';
import { discover } from './discover.ts';
import type { LoginDeps, LoginInput } from './login-road.ts';
import type { Proof } from './prove-login.ts';

/**
 * For a token of `discovery`'s issuer that the server rejected. @returns the error that sends whoever waits for the login
 * to the server's new issuer, or undefined where it is the same, or pinned, or cannot be told
 */
export async function movedIssuerError(
  deps: Pick<LoginDeps, 'fetch'>,
  { entry, settings, signal }: Pick<LoginInput, 'entry' | 'settings' | 'signal'>,
  { discovery, proof }: { readonly discovery: Discovery; readonly proof: Extract<Proof, { kind: 'rejected' }> },
): Promise<LoginAbandonedError | undefined> {
  if (proof.status !== 401 || settings.issuer !== undefined) return undefined;
  const { name: server, url: serverUrl, headers } = entry;
  let issuer: string;
  try {
    ({ issuer } = await discover(deps, { server, serverUrl, headers, challenge: proof.challenge, settings, signal }));
  } catch {
    // The server's refusal of the token says more.
    return undefined;
  }
  if (issuer === discovery.issuer) return undefined;
  const message = `server '${server}' has changed to the authorization server ${quoteForeign(issuer)} during the login`;
  return new LoginAbandonedError('AUTH_FAILED', message, { server, hint: `portico login ${server}` });
}
