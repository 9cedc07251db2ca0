// Owns reading what a human pasted as the end of a login: the whole address, or its query.
import { GatewayError } from '../errors.ts';

/** Pure. @throws GatewayError INVALID_ARGUMENTS where there is no `state` with a `code` or an `error` in it */
export function parsePastedCallback(server: string, pasted: string): URLSearchParams {
  // A long address copied out of a terminal comes in lines; one copied out of a message, in quotes or brackets.
  const whole = pasted.replaceAll(/\s+/g, '').replace(/^["'<`]+|["'>`]+$/g, '');
  const query = URL.canParse(whole) ? new URL(whole).search : whole.replace(/^[^?]*\?/, '').replace(/#.*$/, '');
  const parameters = new URLSearchParams(query);
  if (parameters.has('state') && (parameters.has('code') || parameters.has('error'))) return parameters;
  // Not quoted: it may hold a code.
  throw new GatewayError('INVALID_ARGUMENTS', `what was handed over for '${server}' is not the end of a login`, {
    server,
    hint: 'Paste the whole address from the browser; it holds state=… and code=…, even if the page could not be shown.',
  });
}
