// Owns where the tables of a TOML text begin and end; knows nothing of their values.

export interface TomlSection {
  /** The keys of its header: `[a."b.c"]` is `a`, `b.c`. */
  readonly path: readonly string[];
  /** `[[a]]` */
  readonly isList: boolean;
  /** Where the line of the header begins. */
  readonly start: number;
  /** Behind the line break of its last line that is neither blank nor a comment. */
  readonly end: number;
}

/** Of valid TOML: every header in order. Strings over several lines and lists are stepped over. */
export function tomlSections(text: string): readonly TomlSection[] {
  const sections: TomlSection[] = [];
  let open: Omit<TomlSection, 'end'> | undefined;
  let lastContent = 0;
  const close = (): void => {
    if (open) sections.push({ ...open, end: lastContent });
  };
  for (let at = 0; at < text.length; ) {
    const end = logicalLineEnd(text, at);
    const line = text.slice(at, end);
    const header = /^[ \t]*(\[\[?)(.*)/.exec(line);
    if (header) {
      close();
      open = { path: keysOf(header[2] ?? ''), isList: header[1] === '[[', start: at };
    }
    if (!/^[ \t]*(?:#|$)/.test(line.replace(/[\r\n]+$/, ''))) lastContent = end;
    at = end;
  }
  close();
  return sections;
}

/** Behind the line break that ends the statement: breaks in lists, inline tables and long strings end nothing. */
function logicalLineEnd(text: string, from: number): number {
  let depth = 0;
  const isHeader = /^[ \t]*\[/.test(text.slice(from, from + 200));
  for (let at = from; at < text.length; ) {
    const character = text[at];
    if (character === '\n') {
      at++;
      if (depth === 0 || isHeader) return at;
    } else if (character === '#') at = commentEnd(text, at);
    else if (character === '"' || character === "'") at = stringEnd(text, at, character);
    else {
      if (character === '[' || character === '{') depth++;
      else if (character === ']' || character === '}') depth--;
      at++;
    }
  }
  return text.length;
}

function commentEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end;
}

/** Behind the closing quote. Only strings in double quotes have escapes. */
function stringEnd(text: string, at: number, quote: string): number {
  const long = quote.repeat(3);
  const mark = text.startsWith(long, at) ? long : quote;
  let end = at + mark.length;
  while (end < text.length && !text.startsWith(mark, end)) end += quote === '"' && text[end] === '\\' ? 2 : 1;
  end += mark.length;
  // One or two more quotes before the closing three belong to the string.
  while (mark === long && text[end] === quote) end++;
  return end;
}

/** The keys before the closing bracket of a header. */
function keysOf(header: string): readonly string[] {
  const keys: string[] = [];
  const key = /[ \t]*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))[ \t]*([.\]])/y;
  for (;;) {
    const match = key.exec(header);
    if (!match) return keys;
    const [, basic, literal, bare, next] = match;
    keys.push(basic === undefined ? (literal ?? bare ?? '') : unescaped(basic));
    if (next === ']') return keys;
  }
}

function unescaped(basic: string): string {
  const short: Readonly<Record<string, string>> = { b: '\b', t: '\t', n: '\n', f: '\f', r: '\r', e: '\u001b' };
  return basic.replace(/\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{2})|(.))/g, (_, u, U, x, other) => {
    const code = u ?? U ?? x;
    return code === undefined ? (short[other] ?? other) : String.fromCodePoint(Number.parseInt(code, 16));
  });
}
