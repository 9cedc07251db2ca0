// Owns turning what zod found into sentences; knows nothing of single keys. Never quotes the value: it may be a secret.
import type * as z from 'zod/mini';
import { type JsonPath, pointerOf } from './json-document.ts';

export interface SchemaProblem {
  readonly path: JsonPath;
  /** Continues a sentence that begins with the key. */
  readonly message: string;
}

type ZodIssue = z.core.$ZodIssue;

/** The first problem of each value, in the order of the schema. `value` is what was checked, for naming the type it has. */
export function schemaProblems(error: z.core.$ZodError, value: unknown): SchemaProblem[] {
  const problems = new Map<string, SchemaProblem>();
  for (const issue of error.issues) {
    const path = issue.path.filter((step) => typeof step !== 'symbol');
    const pointer = pointerOf(path);
    if (!problems.has(pointer)) problems.set(pointer, { path, message: sentence(issue, valueAt(value, path)) });
  }
  return [...problems.values()];
}

const typeWords: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  record: 'an object',
  object: 'an object',
};

function sentence(issue: ZodIssue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type': {
      const expected = typeWords[issue.expected] ?? issue.expected;
      return value === undefined ? 'is missing' : `must be ${expected}, not ${typeOf(value)}`;
    }
    case 'invalid_value':
      return `must be one of ${issue.values.map((allowed) => JSON.stringify(allowed)).join(', ')}`;
    case 'invalid_key':
      return issue.issues[0]?.message ?? 'has a name that cannot be used';
    case 'too_small':
      return issue.origin === 'string' ? 'must not be empty' : `must be at least ${issue.minimum}`;
    case 'too_big':
      return `must be at most ${issue.maximum}`;
    case 'custom':
    case 'invalid_format':
      return issue.message;
    default:
      return 'cannot be used';
  }
}

/** The type of a JSON value, in words. */
export function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number' && !Number.isInteger(value)) return 'a fraction';
  return typeWords[typeof value] ?? typeof value;
}

function valueAt(value: unknown, path: JsonPath): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, step)) return undefined;
    current = (current as Readonly<Record<string | number, unknown>>)[step];
  }
  return current;
}
