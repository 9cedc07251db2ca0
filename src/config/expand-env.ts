// Owns `${VAR}` in strings of the config; knows nothing of which keys there are. Never puts a value into a problem.
import type { JsonPath } from './json-document.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export type VariableProblem =
  | { readonly kind: 'unset'; readonly path: JsonPath; readonly variable: string }
  | { readonly kind: 'empty'; readonly path: JsonPath; readonly variable: string }
  | { readonly kind: 'malformed'; readonly path: JsonPath };
export interface InputProblem {
  readonly kind: 'input';
  readonly path: JsonPath;
  readonly id: string;
}
export type ExpansionProblem = VariableProblem | InputProblem;

/** Called with everything that could not be filled in; what is returned then must not be used. */
export type OnProblem = (problem: ExpansionProblem) => void;

/** What `${input:id}` stands for at that place; undefined: for nothing that is known. */
export type InputOf = (id: string, path: JsonPath) => string | undefined;

/** A copy of the value in which `${VAR}`, `${VAR:-default}`, `${env:VAR}` and `${input:id}` of every string are filled in. */
export function expandStrings(
  value: unknown,
  env: Environment,
  report: OnProblem,
  path: JsonPath = [],
  inputOf: InputOf = () => undefined,
): unknown {
  if (typeof value === 'string') return expandString(value, env, report, path, inputOf);
  const expand = (member: unknown, step: string | number): unknown =>
    expandStrings(member, env, report, [...path, step], inputOf);
  if (Array.isArray(value)) return value.map(expand);
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = Object.create(null);
  for (const [key, member] of Object.entries(value)) copy[key] = expand(member, key);
  return copy;
}

/** What a filled-in value contains is not looked at again: a variable cannot bring in another one. */
export function expandString(
  text: string,
  env: Environment,
  report: OnProblem,
  path: JsonPath = [],
  inputOf: InputOf = () => undefined,
): string {
  if (!text.includes('${')) return text;
  const reader: Reader = { text, at: 0, env, report, path, inputOf };
  return readText(reader, false);
}

interface Reader {
  readonly text: string;
  at: number;
  readonly env: Environment;
  readonly report: OnProblem;
  readonly path: JsonPath;
  readonly inputOf: InputOf;
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
    const given = reader.inputOf(id, reader.path);
    if (given !== undefined) return given;
    if (fallback !== undefined) return fallback.take();
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
