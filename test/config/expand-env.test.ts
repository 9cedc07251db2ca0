// Owns the tests of `${VAR}` in strings.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the syntax of the config.
import { describe, expect, test } from 'vitest';
import { type ExpansionProblem, expandString, expandStrings } from '../../src/config/expand-env.ts';

const env = { A: 'one', B: 'two', EMPTY: '', REF: '${A}', 'ProgramFiles(x86)': 'C:\\P' };

function expand(text: string): { text: string; problems: string[] } {
  const problems: string[] = [];
  const report = (problem: ExpansionProblem): void => {
    const what = 'variable' in problem ? problem.variable : 'id' in problem ? problem.id : '';
    problems.push(`${problem.kind} ${what}`.trim());
  };
  const inputOf = (id: string) => (id === 'given' ? '${A}' : undefined);
  return { text: expandString(text, env, report, [], inputOf), problems };
}

describe('a string is filled in', () => {
  test.each([
    ['plain', 'plain'],
    ['${A}', 'one'],
    ['${env:A}', 'one'],
    ['a ${A} b ${B} c', 'a one b two c'],
    ['${A}${B}', 'onetwo'],
    ['${UNSET:-fallback}', 'fallback'],
    ['${env:UNSET:-fallback}', 'fallback'],
    ['${UNSET:-}', ''],
    ['${EMPTY:-fallback}', 'fallback'],
    ['${A:-fallback}', 'one'],
    ['${UNSET:-${B}}', 'two'],
    ['${UNSET:-x${ALSO_UNSET:-y}z}', 'xyz'],
    ['${UNSET:-http://h:1/a?b=c}', 'http://h:1/a?b=c'],
    ['${UNSET:-a}b}', 'ab}'],
    ['${ProgramFiles(x86)}\\x', 'C:\\P\\x'],
    ['$A and $ and {A} and $$', '$A and $ and {A} and $$'],
    ['${REF}', '${A}'],
    ['x ${input:given} ${input:other:-y}', 'x ${A} y'],
    ['${A:-${UNSET}}', 'one'],
  ])('%s gives %s', (text, expected) => {
    expect(expand(text)).toEqual({ text: expected, problems: [] });
  });
});

describe('what cannot be filled in is reported, and only by name', () => {
  test.each([
    ['${UNSET}', ['unset UNSET']],
    ['${UNSET}${ALSO}', ['unset UNSET', 'unset ALSO']],
    ['${UNSET:-${ALSO}}', ['unset ALSO']],
    ['${constructor}', ['unset constructor']],
    ['${EMPTY}', ['empty EMPTY']],
    ['${input:api-key}', ['input api-key']],
    ['${}', ['malformed']],
    ['${A', ['malformed']],
    ['${1A}', ['malformed']],
    ['${A:-open', ['malformed']],
    ['${A-b}', ['malformed']],
    ['${ A }', ['malformed']],
  ])('%s is reported as %j', (text, problems) => {
    expect(expand(text).problems).toEqual(problems);
  });
});

test('every string of a structure is filled in, and a problem carries its path', () => {
  const problems: ExpansionProblem[] = [];
  const value = { args: ['${A}', 7, null, true], oauth: { idp: { idToken: '${NOPE}' } } };
  const expanded = expandStrings(value, env, (problem) => problems.push(problem));
  expect(expanded).toMatchObject({ args: ['one', 7, null, true] });
  expect(problems).toEqual([{ kind: 'unset', path: ['oauth', 'idp', 'idToken'], variable: 'NOPE' }]);
  expect(value.args[0]).toBe('${A}');
});
