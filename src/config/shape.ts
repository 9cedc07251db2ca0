// Owns what a JSON value may look like: a shape gives what it knows of a value, or sentences about what is wrong with it.
// Knows nothing of single keys. Never quotes the value: it may be a secret.
import type { JsonPath } from './json-document.ts';
import { isObject } from './value-checks.ts';

export interface ShapeProblem {
  readonly path: JsonPath;
  /** Continues a sentence that begins with the key. */
  readonly message: string;
}

export type Parsed<T> =
  | { readonly success: true; readonly data: T }
  /** The first problem of each value, in the order of the shape. */
  | { readonly success: false; readonly problems: readonly ShapeProblem[] };

type Report = (problem: ShapeProblem) => void;

export interface Shape<T> {
  /** What it gives counts only where nothing was reported. */
  read(value: unknown, path: JsonPath, report: Report): T | undefined;
  safeParse(value: unknown): Parsed<T>;
  optional(): OptionalShape<T>;
}

export interface OptionalShape<T> extends Pick<Shape<T | undefined>, 'read'> {
  readonly isOptional: true;
}

/** What is wrong with a value of the right type; undefined: nothing. */
type Rule<T> = (value: T) => string | undefined;

export interface StringShape extends Shape<string> {
  filled(): StringShape;
  refine(isFine: (text: string) => boolean, message: string): StringShape;
  judged(rule: Rule<string>): StringShape;
}

export interface IntShape extends Shape<number> {
  min(limit: number): IntShape;
  max(limit: number): IntShape;
}

type Members = Readonly<Record<string, Pick<Shape<unknown>, 'read'>>>;
type OptionalKeys<M> = { [K in keyof M]: M[K] extends OptionalShape<unknown> ? K : never }[keyof M];
type Flat<T> = { [K in keyof T]: T[K] };
type ObjectOf<M extends Members> = Flat<
  { [K in Exclude<keyof M, OptionalKeys<M>>]: Infer<M[K]> } & { [K in OptionalKeys<M>]?: Infer<M[K]> }
>;

export interface ObjectShape<M extends Members> extends Shape<ObjectOf<M>> {
  readonly shape: M;
}

export type Infer<S> = S extends OptionalShape<infer T> ? T | undefined : S extends Shape<infer T> ? T : never;

const typeWords: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  boolean: 'true or false',
  object: 'an object',
};

/** The type of a JSON value, in words. */
export function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number' && !Number.isInteger(value)) return 'a fraction';
  return typeWords[typeof value] ?? typeof value;
}

function shape<T>(read: Shape<T>['read']): Shape<T> {
  return {
    read,
    safeParse(value) {
      const problems: ShapeProblem[] = [];
      const data = read(value, [], (problem) => problems.push(problem));
      return problems.length === 0 ? { success: true, data: data as T } : { success: false, problems };
    },
    optional: () => ({
      isOptional: true,
      read: (value, path, report) => (value === undefined ? undefined : read(value, path, report)),
    }),
  };
}

/** A value of one type, and what holds for it besides. */
function typed<T>(expected: string, is: (value: unknown) => value is T, rules: readonly Rule<T>[] = []): Shape<T> {
  return shape((value, path, report) => {
    if (!is(value)) {
      const message = value === undefined ? 'is missing' : `must be ${expected}, not ${typeOf(value)}`;
      report({ path, message });
      return undefined;
    }
    for (const rule of rules) {
      const message = rule(value);
      if (message === undefined) continue;
      report({ path, message });
      break;
    }
    return value;
  });
}

export const string = (): StringShape => ruledString([]);

function ruledString(rules: readonly Rule<string>[]): StringShape {
  const judged = (rule: Rule<string>): StringShape => ruledString([...rules, rule]);
  return {
    ...typed('a string', (value) => typeof value === 'string', rules),
    judged,
    refine: (isFine, message) => judged((text) => (isFine(text) ? undefined : message)),
    filled: () => judged((text) => (text === '' ? 'must not be empty' : undefined)),
  };
}

export const int = (): IntShape => ruledInt([]).max(Number.MAX_SAFE_INTEGER);

function ruledInt(rules: readonly Rule<number>[]): IntShape {
  const whole = (value: number): string | undefined =>
    Number.isInteger(value) ? undefined : `must be a whole number, not ${typeOf(value)}`;
  return {
    ...typed('a number', (value) => typeof value === 'number', [whole, ...rules]),
    min: (limit) => ruledInt([...rules, (value) => (value < limit ? `must be at least ${limit}` : undefined)]),
    max: (limit) => ruledInt([...rules, (value) => (value > limit ? `must be at most ${limit}` : undefined)]),
  };
}

export const boolean = (): Shape<boolean> => typed('true or false', (value) => typeof value === 'boolean');

function enumeration<const T extends string>(values: readonly T[]): Shape<T> {
  const message = `must be one of ${values.map((allowed) => JSON.stringify(allowed)).join(', ')}`;
  return custom((value) => (values as readonly unknown[]).includes(value), message);
}

export { enumeration as enum };

/** Whatever the function says yes to. */
export function custom<T>(isFine: (value: unknown) => boolean, message: string): Shape<T> {
  return shape((value, path, report) => {
    if (!isFine(value)) report({ path, message });
    return value as T;
  });
}

export function array<T>(item: Shape<T>): Shape<T[]> {
  const list = typed<unknown[]>('a list', Array.isArray);
  return shape((value, path, report) =>
    list.read(value, path, report)?.map((each, index) => item.read(each, [...path, index], report) as T),
  );
}

const plain = typed('an object', isObject);

/** `__proto__` is left out: as a name it would not be kept. */
export function record<T>(name: Shape<string>, item: Shape<T>): Shape<Record<string, T>> {
  return shape((value, path, report) => {
    const members: Record<string, T> = {};
    for (const [key, each] of Object.entries(plain.read(value, path, report) ?? {})) {
      if (key === '__proto__') continue;
      const at = [...path, key];
      const named = name.safeParse(key);
      if (named.success) members[key] = item.read(each, at, report) as T;
      else for (const { message } of named.problems) report({ path: at, message });
    }
    return members;
  });
}

/** Members that it does not name are left out. */
export function object<M extends Members>(members: M): ObjectShape<M> {
  const read: Shape<ObjectOf<M>>['read'] = (value, path, report) => {
    const given = plain.read(value, path, report);
    if (!given) return undefined;
    const known: Record<string, unknown> = {};
    for (const [key, member] of Object.entries(members)) {
      const found = member.read(Object.hasOwn(given, key) ? given[key] : undefined, [...path, key], report);
      if (found !== undefined) known[key] = found;
    }
    return known as ObjectOf<M>;
  };
  return { ...shape(read), shape: members };
}
