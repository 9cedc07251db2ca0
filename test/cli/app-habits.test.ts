// Tests of src/cli/app-habits.ts.
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ownWords, unfilledVariables } from '../../src/cli/app-habits.ts';

const ownFile = resolve('/extensions/portico/dist/main.js');
const beside = (name: string): string => resolve('/extensions/portico/dist/..', 'dist', name);

describe('the command line', () => {
  it.each([
    ['in a terminal', false, ['node', ownFile, 'status', '--json'], ['status', '--json']],
    ['through a link of npm', false, ['node', '/usr/bin/portico', 'status'], ['status']],
    ['of an app that begins with our file', true, ['Helper', ownFile, 'serve'], ['serve']],
    ['of an app with a loader of its own', true, ['Helper', '/app/loader.js', beside('main.js')], []],
    ['of an app with switches of the browser', true, ['Helper', '--type=utility', '--lang=en'], []],
  ])('%s is what is meant for us', (_, isElectron, argv, words) => {
    expect(ownWords(argv, { ownFile, isElectron })).toEqual(words);
  });
});

it('a variable with the placeholder of a setting is found, and one that only mentions it is not', () => {
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: what the app leaves
  const env = { GATEWAY_RULES: '${user_config.rules_file}', A: 'x${user_config.a}', B: '${HOME}', C: '', D: undefined };
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: what the app leaves
  expect(unfilledVariables(env)).toEqual(['GATEWAY_RULES']);
});
