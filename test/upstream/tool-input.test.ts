import { describe, expect, it } from 'vitest';
import { ToolInput } from '../../src/upstream/tools/tool-input.ts';

function input(value: unknown): ToolInput {
  return new ToolInput({ x: value });
}

const refused = expect.objectContaining({ code: 'INVALID_ARGUMENTS', message: expect.stringContaining("'x'") });

describe('the arguments of a meta tool', () => {
  it.each([
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
    ['a, b', ['a', 'b']],
    ['["a","b"]', ['a', 'b']],
    ['', undefined],
    [null, undefined],
    [[], undefined],
  ])('reads names from %j', (given, names) => expect(input(given).names('x')).toEqual(names));

  it.each([
    [{ a: null }, { a: null }],
    ['{"a": [1]}', { a: [1] }],
    [' {"a": 1}', { a: 1 }],
    ['', {}],
    [undefined, {}],
    [null, {}],
  ])('reads an object from %j', (given, object) => expect(input(given).object('x')).toEqual(object));

  it('hands an object on as the same value', () => {
    const args = { a: 1 };
    expect(input(args).object('x')).toBe(args);
  });

  it.each([['[1]'], ['text'], ['{broken'], [[1]], [5], [true]])('refuses %j where an object is meant', (given) => {
    expect(() => input(given).object('x')).toThrow(refused);
  });

  it.each([
    [5, 5],
    ['5', 5],
    ['', undefined],
  ])('reads a count from %j', (given, count) => expect(input(given).count('x')).toBe(count));

  it.each([[0], [-1], [1.5], ['x'], [{}]])('refuses %j where a count is meant', (given) => {
    expect(() => input(given).count('x')).toThrow(refused);
  });

  it.each([
    [true, true],
    ['true', true],
    [false, false],
    [undefined, false],
  ])('reads a flag from %j', (given, flag) => expect(input(given).flag('x')).toBe(flag));

  it('refuses what is missing, and what is no choice', () => {
    expect(() => input('').required('x')).toThrow(refused);
    expect(() => input('c').oneOf('x', ['a', 'b'])).toThrow(refused);
    expect(() => input(3).text('x')).toThrow(refused);
    expect(() => input(['a', 1]).names('x')).toThrow(refused);
  });

  it('does not take inherited members for arguments', () => {
    expect(new ToolInput({}).text('constructor')).toBeUndefined();
  });
});
