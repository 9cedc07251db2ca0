// Owns `${VAR}` in strings of the config; knows nothing of which keys there are. Never puts a value into a problem.
import type { JsonPath } from './json-document.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export type ExpansionProblem =
  | { readonly kind: 'unset'; readonly path: JsonPath; readonly variable: string }
  | { readonly kind: 'empty'; readonly path: JsonPath; readonly variable: string }
  | { readonly kind: 'input'; readonly path: JsonPath; readonly id: string }
  | { readonly kind: 'malformed'; readonly path: JsonPath };

/** Called with everything that could not be filled in; what is returned then must not be used. */
export type OnProblem = (problem: ExpansionProblem) => void;

/** A copy of the value in which `${VAR}`, `${VAR:-default}` and `${env:VAR}` of every string are filled in. */
export function expandStrings(value: unknown, env: Environment, report: OnProblem, path: JsonPath = []): unknown {
  if (typeof value === 'string') return expandString(value, env, report, path);
  if (Array.isArray(value)) return value.map((member, index) => expandStrings(member, env, report, [...path, index]));
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = Object.create(null);
  for (const [key, member] of Object.entries(value)) copy[key] = expandStrings(member, env, report, [...path, key]);
  return copy;
}

/** What a filled-in value contains is not looked at again: a variable cannot bring in another one. */
export function expandString(text: string, env: Environment, report: OnProblem, path: JsonPath = []): string {
  if (!text.includes('${')) return text;
  const reader: Reader = { text, at: 0, env, report, path };
  return readText(reader, false);
}

interface Reader {
  readonly text: string;
  at: number;
  readonly env: Environment;
  readonly report: OnProblem;
  readonly path: JsonPath;
}

/** Reads up to the end, or inside a default up to its closing brace. */
function readText(reader: Reader, insideDefault: boolean): string {
  let result = '';
  while (reader.at < reader.text.length) {
    if (insideDefault && reader.text[reader.at] === '}') return result;
    if (reader.text.startsWith('${', reader.at)) {
      reader.at += 2;
      result += readReference(reader);
    } else {
      result += reader.text[reader.at++];
    }
  }
  return result;
}

/** Parentheses: Windows has `ProgramFiles(x86)`. */
const reference = /(?:input:([\w.-]+)|(?:env:)?([A-Za-z_][\w()]*))(:-|\})/y;

function readReference(reader: Reader): string {
  reference.lastIndex = reader.at;
  const match = reference.exec(reader.text);
  if (!match) {
    reader.report({ kind: 'malformed', path: reader.path });
    return '';
  }
  reader.at = reference.lastIndex;
  const [, id, name = '', end] = match;
  const fallback = end === ':-' ? readDefault(reader) : undefined;
  if (id !== undefined) {
    reader.report({ kind: 'input', path: reader.path, id });
    return '';
  }
  // Own members only: `constructor` is no variable.
  const value = Object.hasOwn(reader.env, name) ? reader.env[name] : undefined;
  // As in a shell, `:-` also stands in for a variable that is set to nothing.
  if (fallback !== undefined && (value === undefined || value === '')) return fallback.take();
  if (value === undefined) reader.report({ kind: 'unset', path: reader.path, variable: name });
  else if (value === '') reader.report({ kind: 'empty', path: reader.path, variable: name });
  return value ?? '';
}

/** A default may hold references itself; that one of them is unset counts only where the default is used. */
function readDefault(reader: Reader): { take(): string } {
  const problems: ExpansionProblem[] = [];
  const report: OnProblem = (problem) => {
    if (problem.kind === 'malformed') reader.report(problem);
    else problems.push(problem);
  };
  const inner: Reader = { ...reader, report };
  const text = readText(inner, true);
  reader.at = inner.at;
  if (reader.text[reader.at] === '}') reader.at++;
  else reader.report({ kind: 'malformed', path: reader.path });
  return {
    take: () => {
      for (const problem of problems) reader.report(problem);
      return text;
    },
  };
}
