// Owns reading what a human pasted as the end of a login: the whole address, or its query.
import { GatewayError } from '../errors.ts';
import { pastedUrl } from '../lib/pasted-url.ts';

/** Pure. @throws GatewayError INVALID_ARGUMENTS where there is no `state` with a `code` or an `error` in it */
export function parsePastedCallback(server: string, pasted: string): URLSearchParams {
  const found = pastedUrl(pasted);
  if (found.kind === 'whole') return found.parameters;
  // Not quoted: it may hold a code.
  throw new GatewayError('INVALID_ARGUMENTS', `what was handed over for '${server}' is not the end of a login`, {
    server,
    hint: 'Paste the whole address from the browser; it holds state=… and code=…, even if the page could not be shown.',
  });
}
