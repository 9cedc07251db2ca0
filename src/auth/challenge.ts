// Owns reading `WWW-Authenticate` (RFC 9110 section 11.6.1); pure, knows nothing of what is done about it.
import type { AuthChallenge } from '../errors.ts';

export interface Challenge {
  /** Lower case. */
  readonly scheme: string;
  readonly token68?: string;
  /** Names in lower case. A name that comes twice keeps its first value. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Sticky patterns of RFC 9110 section 5.6.2 and 11.2: each looks at a character once. */
const separator = /[\s,]*/y;
const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const token68 = /[0-9A-Za-z\-._~+/]+=*(?=[\s,]*(?:,|$))/y;
const equals = /[ \t]*=[ \t]*/y;
const quoted = /"((?:[^"\\]|\\[\s\S])*)"/y;

/**
 * Every challenge of the header in its order. `fetch` joins several header lines with a comma, so one line may hold
 * several. Reading stops at the first thing that is no challenge; what was read until there is kept.
 */
export function parseChallenges(header: string | null): Challenge[] {
  const challenges: Challenge[] = [];
  let current: { scheme: string; token68?: string; parameters: Map<string, string> } | undefined;
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(header ?? '');
    if (match) at = pattern.lastIndex;
    return match;
  };
  while (header !== null) {
    take(separator);
    const name = take(token)?.[0];
    if (name === undefined) break;
    if (current && take(equals)) {
      const value = take(quoted)?.[1]?.replace(/\\([\s\S])/g, '$1') ?? take(token)?.[0];
      // A value may be missing (`scope=`): the parameter is then as good as absent.
      if (value !== undefined && !current.parameters.has(name.toLowerCase())) {
        current.parameters.set(name.toLowerCase(), value);
      }
      continue;
    }
    current = { scheme: name.toLowerCase(), parameters: new Map() };
    challenges.push(current);
    const start = at;
    if (take(/[ \t]+/y)) {
      const credential = take(token68)?.[0];
      if (credential === undefined) at = start;
      else current.token68 = credential;
    }
  }
  return challenges;
}

/** What the response asks of a bearer of tokens; `{}` where it says nothing about that. */
export function bearerChallenge(response: Response): AuthChallenge {
  const all = parseChallenges(response.headers.get('www-authenticate'));
  const bearers = all.filter(({ scheme }) => scheme === 'bearer' || scheme === 'dpop');
  const first = (among: readonly Challenge[], name: string): string | undefined =>
    among.map(({ parameters }) => parameters.get(name)).find((value) => value !== undefined && value !== '');
  // RFC 9728 section 5.1: `resource_metadata` may come with any scheme.
  const resourceMetadataUrl = first(bearers, 'resource_metadata') ?? first(all, 'resource_metadata');
  const scope = first(bearers, 'scope');
  const error = first(bearers, 'error');
  const errorDescription = first(bearers, 'error_description');
  const dpop = bearers.length > 0 && bearers.every(({ scheme }) => scheme === 'dpop');
  return {
    ...(resourceMetadataUrl !== undefined && { resourceMetadataUrl }),
    ...(scope !== undefined && { scope }),
    ...(error !== undefined && { error }),
    ...(errorDescription !== undefined && { errorDescription }),
    ...(dpop && { dpop }),
  };
}
