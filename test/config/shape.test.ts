import { describe, expect, it } from 'vitest';
import * as shape from '../../src/config/shape.ts';

const entry = shape.object({
  name: shape.string().filled(),
  port: shape.int().min(1).max(10).optional(),
  mode: shape.enum(['a', 'b']).optional(),
  on: shape.boolean().optional(),
  list: shape.array(shape.string()).optional(),
  map: shape
    .record(
      shape.string().refine((key) => !key.includes('='), 'is no name'),
      shape.string(),
    )
    .optional(),
  any: shape
    .custom<string | false>((value) => value === false || typeof value === 'string', 'must be text or false')
    .optional(),
  inner: shape.object({ deep: shape.string() }).optional(),
});
type Entry = shape.Infer<typeof entry>;

describe('a shape', () => {
  it('gives what it knows of a value, and nothing else of it', () => {
    const known: Entry = { name: 'x', port: 10, mode: 'b', on: false, list: [], map: { k: 'v' }, any: false };
    expect(entry.safeParse({ ...known, more: 1 })).toEqual({ success: true, data: known });
    expect(entry.safeParse({ name: 'x' })).toEqual({ success: true, data: { name: 'x' } });
  });

  const wrong: readonly [unknown, string, string][] = [
    [null, '', 'must be an object, not null'],
    [[], '', 'must be an object, not a list'],
    [{}, 'name', 'is missing'],
    [{ name: '' }, 'name', 'must not be empty'],
    [{ name: 1 }, 'name', 'must be a string, not a number'],
    [{ name: 'x', port: '1' }, 'port', 'must be a number, not a string'],
    [{ name: 'x', port: 1.5 }, 'port', 'must be a whole number, not a fraction'],
    [{ name: 'x', port: 0 }, 'port', 'must be at least 1'],
    [{ name: 'x', port: 11 }, 'port', 'must be at most 10'],
    [{ name: 'x', port: null }, 'port', 'must be a number, not null'],
    [{ name: 'x', mode: 'c' }, 'mode', 'must be one of "a", "b"'],
    [{ name: 'x', on: 'yes' }, 'on', 'must be true or false, not a string'],
    [{ name: 'x', list: {} }, 'list', 'must be a list, not an object'],
    [{ name: 'x', list: ['a', 1] }, 'list/1', 'must be a string, not a number'],
    [{ name: 'x', map: { 'a=': 'b' } }, 'map/a=', 'is no name'],
    [{ name: 'x', map: { a: true } }, 'map/a', 'must be a string, not true or false'],
    [{ name: 'x', any: true }, 'any', 'must be text or false'],
    [{ name: 'x', inner: {} }, 'inner/deep', 'is missing'],
  ];

  it.each(wrong)('says of %j at "%s": %s', (value, path, message) => {
    const { problems } = entry.safeParse(value) as { problems: readonly shape.ShapeProblem[] };
    expect(problems.map((problem) => [problem.path.join('/'), problem.message])).toEqual([[path, message]]);
  });

  it('says one thing of each value, in its own order', () => {
    const found = entry.safeParse({ inner: 1, list: [1, 2], name: '' }) as { problems: readonly shape.ShapeProblem[] };
    expect(found.problems.map(({ path }) => path)).toEqual([['name'], ['list', 0], ['list', 1], ['inner']]);
  });

  it('takes nothing from a prototype, and gives none', () => {
    expect(shape.object({ constructor: shape.string() }).safeParse({})).toMatchObject({ success: false });
    const map = shape.record(shape.string(), shape.string()).safeParse(JSON.parse('{"__proto__": "x", "a": "b"}'));
    expect(map).toEqual({ success: true, data: { a: 'b' } });
  });
});
