// Owns the checks of single values in the config; knows nothing of the keys they stand under.

/** `setTimeout` fires at once with anything longer. Milliseconds, about 24 days. */
export const maxTimeoutMs = 2_147_483_647;

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is wrong with an absolute http(s) URL, or undefined. */
export function urlProblem(text: string): string | undefined {
  if (text !== text.trim()) return 'has spaces or line breaks around the URL';
  if (!URL.canParse(text)) return 'is no URL: it must begin with https:// or http:// and name a host';
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must be an http or https URL';
  // fetch refuses such URLs (Fetch standard, "includes credentials").
  if (url.username !== '' || url.password !== '') {
    return 'must not hold a user name or password: put them into an Authorization header';
  }
  return undefined;
}

/** RFC 9110 section 5.6.2. */
export function isHeaderName(text: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text);
}

/** RFC 9110 section 5.5: visible characters, spaces, tabs; above all no CR, LF or NUL, which would add headers. */
export function isHeaderValue(text: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(text);
}

/** What no operating system takes in an argument, a path or a variable. */
export function hasNul(text: string): boolean {
  return text.includes('\0');
}

/** Names and labels that are shown and hashed: no line breaks or other control characters. */
export function hasControlCharacters(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

/** A host as it stands in `http://HOST:PORT`, without scheme and port. */
export function isHost(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(text) || /^(?:\[[0-9A-Fa-f:.]+\]|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*)$/.test(text);
}
