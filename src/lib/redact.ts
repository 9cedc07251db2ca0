// Owns the removal of secrets from foreign text and from values that get logged; knows nothing of where they go.
// Every expression takes time linear in the text: nothing before a match is looked at again without a bound.

const hidden = '[redacted]';

const secretKeys = [
  'access_?token',
  'refresh_?token',
  'id_?token',
  'token',
  'code_?verifier',
  'client_?secret',
  'client_?assertion',
  'assertion',
  'secret',
  'password',
  'passwd',
  'passphrase',
  'api[_-]?key',
  'private_?key',
].join('|');

const rules: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?/g, hidden],
  // Header lines whose whole value is secret; the value may stand in (escaped) quotes.
  [
    /\b((?:proxy-)?authorization|(?:set-)?cookie)(\\?["']?[ \t]*[:=][ \t]*)(\\?["'])(?:(?!\3)(?:\\.|[^\r\n\\]))*/gi,
    `$1$2$3${hidden}`,
  ],
  [/\b((?:proxy-)?authorization|(?:set-)?cookie)([ \t]*[:=][ \t]*)(?=[^\s"'\\])[^\r\n"'\\]+/gi, `$1$2${hidden}`],
  [/\b(bearer|dpop|basic)([ \t]+)[A-Za-z0-9._~+/=-]{6,}/gi, `$1$2${hidden}`],
  // JSON Web Tokens and JWE: nothing else begins like this.
  [/(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*)*/g, hidden],
  // "key": "value", 'key': 'value', \"key\":\"value\"; a value that was cut off before its end counts too.
  [
    new RegExp(`(${secretKeys})(\\\\?["']?\\s*[:=]\\s*)(\\\\?["'])(?:(?!\\3)(?:\\\\.|[^\\r\\n\\\\]))*`, 'gi'),
    `$1$2$3${hidden}`,
  ],
  // key=value and ?key=value
  [new RegExp(`(${secretKeys})(=)(?=[^\\s"'\\\\])[^\\s"'&;,<>\\\\]+`, 'gi'), `$1$2${hidden}`],
  // key: value, where the value is long enough to be one
  [new RegExp(`(${secretKeys})(:[ \\t]*)[^\\s"'&;,<>\\\\]{8,}`, 'gi'), `$1$2${hidden}`],
  // Authorization codes: in a query always, elsewhere only what does not look like an exit code or an errno.
  [/([?&]code=)[^\s"'&<>\\]+/gi, `$1${hidden}`],
  [
    /\b(code\\?["']?\s*[:=]\s*\\?["']?)(?=[^\s"'&<>\\]{0,200}[a-z])(?=[^\s"'&<>\\]{0,200}[0-9_-])[^\s"'&<>\\]{12,}/g,
    `$1${hidden}`,
  ],
  [/(:\/\/)[^\s/@:"']+:[^\s/@"']+(@)/g, `$1${hidden}$2`],
  [/(?<![A-Za-z0-9_-])(?:gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|sk-|npm_)[A-Za-z0-9_-]{10,}/g, hidden],
];

/** The text with everything that looks like a credential replaced, not even its first characters kept. */
export function redact(text: string): string {
  let result = text;
  for (const [pattern, replacement] of rules) result = result.replace(pattern, replacement);
  return result;
}

const secretMember = new RegExp(
  `^(?:${secretKeys}|.*(?:access|refresh|id)_?token|(?:proxy-)?authorization|(?:set-)?cookie|verifier|jwt|x-api-key)$`,
  'i',
);
/** Deeper values are left out: a log line is no dump. */
const maxDepth = 6;

/** A copy fit for the log: members with secret names hidden, every string redacted, errors as plain objects. */
export function redactValue(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redact(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return typeof value === 'function' ? '[function]' : value;
  if (depth >= maxDepth) return '[deep]';
  if (value instanceof Error) return redactError(value, depth);
  if (Array.isArray(value)) return value.map((member) => redactValue(member, depth + 1));
  if ('toJSON' in value && typeof value.toJSON === 'function') return redactValue(value.toJSON(), depth + 1);
  if (value instanceof URL) return redact(value.href);
  return redactMembers(value, depth);
}

function redactMembers(value: object, depth: number): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    copy[key] = isSecretMember(key, member) ? hidden : redactValue(member, depth + 1);
  }
  return copy;
}

function isSecretMember(key: string, member: unknown): boolean {
  // `code` and `state` are words of OAuth and of every other trade: only what cannot be a plain word is hidden.
  if (key === 'code') return typeof member === 'string' && !/^[A-Z][A-Z0-9_]*$/.test(member);
  if (key === 'state') return typeof member === 'string' && !/^[a-z_]{1,20}$/.test(member);
  return secretMember.test(key) && (typeof member === 'string' || (typeof member === 'object' && member !== null));
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  const code = 'code' in error ? { code: redactValue(error.code, depth + 1) } : {};
  const cause = error.cause === undefined ? {} : { cause: redactValue(error.cause, depth + 1) };
  const stack = error.stack === undefined ? {} : { stack: redact(error.stack) };
  return { name: error.name, message: redact(error.message), ...code, ...stack, ...cause };
}
