// Which questions a login asks for inputs, what of an answer is taken, and what a logout forgets.
import { describe, expect, test } from 'vitest';
import { inputQuestions, inputsToForget, questionText, readInputLine } from '../../src/cli/needed-inputs.ts';
import type { InputDefinition, ServerInput } from '../../src/config/input-values.ts';

const token: InputDefinition = { id: 'token', kind: 'text', isPassword: true, options: [] };
const region: InputDefinition = {
  id: 'region',
  kind: 'pick',
  isPassword: false,
  options: ['eu', 'us'],
  description: 'Where',
};

function input(definition: InputDefinition, target: string, state: ServerInput['state']): ServerInput {
  return { definition, keys: [], target, destination: `to ${target}`, state };
}

const inputs = new Map([
  ['a', [input(token, 't1', 'missing'), input(region, 't1', 'default')]],
  ['b', [input(token, 't2', 'missing')]],
  ['same as a', [input(token, 't1', 'given')]],
  ['locked', [input(token, 't3', 'unreadable')]],
]);

test('one id is asked for once, by its words, with everybody who gets it', () => {
  const questions = inputQuestions(inputs, ['a', 'b', 'same as a', 'locked']);
  expect(questions.map((question) => [question.isNeeded, questionText(question)])).toEqual([
    [true, 'token – for a (to t1), b (to t2)'],
    [false, 'Where – for a (to t1)'],
  ]);
});

describe('a line of stdin', () => {
  const questions = inputQuestions(inputs, ['a']);
  test.each([
    ['token=abc=d e', 'abc=d e'],
    [' token = abc \r', 'abc'],
    ['region=us', 'us'],
  ])('%j gives a value', (line, value) => {
    expect(readInputLine(line, questions)).toMatchObject({ kind: 'value', value });
  });
  test.each(['canary', 'other=canary', 'token=', 'region=canary', 'token=ca\u0000nary', '=canary'])(
    '%j gives none, and is not quoted',
    (line) => {
      const read = readInputLine(line, questions);
      expect(read.kind).toBe('unusable');
      expect(JSON.stringify(read)).not.toContain('canary');
    },
  );
  test('that is empty does not count', () => {
    expect(readInputLine(' ', questions)).toEqual({ kind: 'blank' });
  });
});

test('a logout forgets what no other server uses, or only those that are logged out with it', () => {
  expect(inputsToForget(inputs, 'a', ['a'])).toEqual([{ target: 't1', id: 'region' }]);
  expect(inputsToForget(inputs, 'a', ['a', 'same as a'])).toHaveLength(2);
  expect(inputsToForget(inputs, 'b', ['b'])).toEqual([{ target: 't2', id: 'token' }]);
  expect(inputsToForget(inputs, 'none', ['none'])).toEqual([]);
});
