// Owns reading a JSON file as people write it (comments, trailing commas, BOM) and the place of every value in it;
// knows nothing of what the values mean.
import { readFile } from 'node:fs/promises';
import {
  findNodeAtLocation,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser';
import { ConfigError } from './config-error.ts';

export type JsonPath = readonly (string | number)[];

export interface JsonPlace {
  /** 1-based. */
  readonly line: number;
  /** 1-based, in UTF-16 units, a BOM not counted. */
  readonly column: number;
  /** RFC 6901; `''` is the whole document. */
  readonly pointer: string;
}

export interface JsonDocument {
  readonly file: string;
  /** Objects in it have no prototype: a member named `__proto__` is a member. */
  readonly value: unknown;
  /** Where the value (or its key) stands; the nearest enclosing value where the path leads nowhere. */
  place(path: JsonPath, what?: 'value' | 'key'): JsonPlace;
  /** Paths of members whose name stands a second time in the same object: JSON keeps the last one. */
  readonly duplicates: readonly JsonPath[];
}

/** Judges the bytes of a file before they are understood as anything; throws to refuse them. */
export type Admit = (file: string, bytes: Buffer) => Promise<void>;

/** Reads and parses a file. @throws ConfigError where it is missing, unreadable, or no JSON; what `admit` throws */
export async function readJsonDocument(file: string, admit?: Admit): Promise<JsonDocument> {
  const bytes = await readConfigBytes(file);
  await admit?.(file, bytes);
  return decodeJsonDocument(file, bytes);
}

/** @throws ConfigError where it is missing or unreadable. */
export async function readConfigBytes(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw unusable(file, ...readingProblem(error), error);
  }
}

/** @throws ConfigError where it is no JSON. */
export function decodeJsonDocument(file: string, bytes: Uint8Array): JsonDocument {
  let text: string;
  try {
    const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
    // Windows PowerShell writes UTF-16 when output is redirected to a file.
    text = new TextDecoder(utf16 ? 'utf-16le' : 'utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw unusable(file, 'is not UTF-8 text', 'save the file as UTF-8', error);
  }
  return parseJsonDocument(file, text);
}

/** @throws ConfigError with line and column of the first syntax error. */
export function parseJsonDocument(file: string, source: string): JsonDocument {
  const text = source.startsWith('\uFEFF') ? source.slice(1) : source;
  const lineStarts = startsOfLines(text);
  if (text.trim() === '') throw unusable(file, 'is empty', 'write a JSON object, for a start {}');
  const problems: ParseError[] = [];
  const { root, value } = parsed(file, text, problems);
  const [problem] = problems;
  if (problem || !root) {
    const offset = problem?.offset ?? 0;
    throw new ConfigError([
      {
        severity: 'error',
        file,
        ...position(lineStarts, offset),
        pointer: '',
        message: `is no valid JSON: ${problemText(problem)}`,
        hint: 'comments and trailing commas are fine; look at this place and the line before it',
      },
    ]);
  }
  return {
    file,
    value,
    place: (path, what = 'value') => {
      const { node, reached } = nearestNode(root, path, what);
      return { ...position(lineStarts, node.offset), pointer: pointerOf(reached) };
    },
    duplicates: duplicateMembers(root, []),
  };
}

/** RFC 6901 section 3. */
export function pointerOf(path: JsonPath): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function parsed(file: string, text: string, problems: ParseError[]): { root: Node | undefined; value: unknown } {
  try {
    const root = parseTree(text, problems, { allowTrailingComma: true });
    return { root, value: root && problems.length === 0 ? getNodeValue(root) : undefined };
  } catch (error) {
    // The parser recurses; only absurd nesting gets here.
    if (error instanceof RangeError) throw unusable(file, 'is nested too deeply', undefined, error);
    throw error;
  }
}

function unusable(file: string, what: string, hint?: string, cause?: unknown): ConfigError {
  const message = what;
  const issue = { severity: 'error', file, line: 1, column: 1, pointer: '', message } as const;
  return new ConfigError([hint === undefined ? issue : { ...issue, hint }], cause);
}

const readingProblems: Readonly<Record<string, readonly [string, string]>> = {
  ENOENT: ['the file does not exist', 'check the path, or write the file'],
  ENOTDIR: ['the file does not exist', 'check the path, or write the file'],
  EISDIR: ['is a directory', 'name a file in it'],
  EACCES: ['may not be read by this user', 'change the owner or the mode of the file'],
  EPERM: ['may not be read by this user', 'change the owner or the mode of the file'],
};

function readingProblem(error: unknown): readonly [string, string | undefined] {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  return readingProblems[code] ?? [`cannot be read (${code})`, undefined];
}

function problemText(problem: ParseError | undefined): string {
  if (!problem) return 'nothing could be read';
  // `CommaExpected` reads as `comma expected`.
  return printParseErrorCode(problem.error)
    .replace(/(?<!^)([A-Z])/g, ' $1')
    .toLowerCase();
}

function startsOfLines(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function position(lineStarts: readonly number[], offset: number): { line: number; column: number } {
  let low = 0;
  let high = lineStarts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((lineStarts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (lineStarts[low] ?? 0) + 1 };
}

function nearestNode(root: Node, path: JsonPath, what: 'value' | 'key'): { node: Node; reached: JsonPath } {
  for (let length = path.length; length > 0; length--) {
    const reached = path.slice(0, length);
    const node = findNodeAtLocation(root, [...reached]);
    if (!node) continue;
    const key = node.parent?.type === 'property' ? node.parent.children?.[0] : undefined;
    return { node: what === 'key' && length === path.length ? (key ?? node) : node, reached };
  }
  return { node: root, reached: [] };
}

function duplicateMembers(node: Node, path: JsonPath): JsonPath[] {
  if (node.type === 'array') {
    return (node.children ?? []).flatMap((child, index) => duplicateMembers(child, [...path, index]));
  }
  if (node.type !== 'object') return [];
  const seen = new Set<string>();
  return (node.children ?? []).flatMap((property) => {
    const [key, value] = property.children ?? [];
    const name = String(key?.value);
    const here = [...path, name];
    const inside = value ? duplicateMembers(value, here) : [];
    if (seen.has(name)) return [here, ...inside];
    seen.add(name);
    return inside;
  });
}
