// Owns finding, in pasted text, the address that a login ends with: over several lines, in quotes or brackets, with words
// around it. Pure; knows nothing of logins that are open.

export type PastedUrl =
  /** `text`: on one line; the address, or its query alone. */
  | { readonly kind: 'whole'; readonly text: string; readonly parameters: URLSearchParams }
  /** The beginning of one; the rest may be on its way. */
  | { readonly kind: 'part' }
  | { readonly kind: 'other' };

/** `state`: the one that is expected, where it is known: an address that holds the beginning of it goes on. */
export function pastedUrl(text: string, { state }: { readonly state?: string | undefined } = {}): PastedUrl {
  // Lines that became spaces on the way stand for themselves as well.
  const candidates = [joined(text), text.replaceAll(/\s+/g, '')].map(withoutBrackets);
  let isPart = false;
  for (const candidate of candidates) {
    const parameters = parametersOf(candidate);
    const found = parameters.get('state');
    if (found !== null && (parameters.has('code') || parameters.has('error'))) {
      if (state === undefined || state === found || !state.startsWith(found)) {
        return { kind: 'whole', text: candidate, parameters };
      }
      isPart = true;
    } else isPart ||= isBeginning(candidate, parameters);
  }
  return { kind: isPart ? 'part' : 'other' };
}

const opening = /(?:^|[\s"'`<([])https?:\/\//i;

/** From the last line that begins an address (or the first one) as far as the lines hold no spaces. */
function joined(text: string): string {
  const lines = text
    .split(/[\r\n]+/)
    // A mail that was answered or forwarded.
    .map((line) => line.replace(/^[\s>]+/, '').trimEnd())
    .filter((line) => line !== '');
  const begin = lines.findLastIndex((line, index) => opening.test(line) && !/[=&]$/.test(lines[index - 1] ?? ''));
  const [first = '', ...rest] = lines.slice(Math.max(begin, 0));
  const address = begin === -1 ? first : first.slice(first.search(/https?:\/\//i));
  let result = address;
  for (const line of rest) {
    // Words behind an address are no part of it, and neither is what comes after its bracket.
    if (/\s|>$/.test(result) || /\s/.test(line)) break;
    result += line;
  }
  return begin === -1 ? result : result.replace(/\s.*$/s, '');
}

function withoutBrackets(text: string): string {
  return text.replace(/^[\s"'`<([]+/, '').replace(/[\s"'`>)\]]+$/, '');
}

function parametersOf(text: string): URLSearchParams {
  const query = URL.canParse(text) ? new URL(text).search : text.replace(/^[^?]*\?/, '').replace(/#.*$/, '');
  return new URLSearchParams(query);
}

/** The page to log in at begins in the same way, and is no end of a login. */
function isBeginning(text: string, parameters: URLSearchParams): boolean {
  if (['client_id', 'response_type', 'request_uri'].some((name) => parameters.has(name))) return false;
  return /^(?:https?:\/\/|\?)/i.test(text) || ['state', 'code', 'error'].some((name) => parameters.has(name));
}
