// Owns which questions a login has to ask for `${input:id}`, and what of an answer can be taken. Pure.
import type { InputDefinition } from '../config/input-values.ts';
import type { LoadedServers } from '../config/server-entry.ts';

export interface InputQuestion {
  readonly definition: InputDefinition;
  /** There is no default to go on with. */
  readonly isNeeded: boolean;
  /** The one answer is for all of these. */
  readonly uses: readonly InputUse[];
}

export interface InputUse {
  readonly server: string;
  readonly target: string;
  /** For a human: where the value goes. */
  readonly destination: string;
}

/** What nobody was asked for so far, each id once. One that cannot be read may be there, and is no question. */
export function inputQuestions(inputs: LoadedServers['inputs'], servers: readonly string[]): readonly InputQuestion[] {
  const questions = new Map<string, InputQuestion>();
  for (const server of servers) {
    for (const { definition, target, destination, state } of inputs.get(server) ?? []) {
      if (state !== 'missing' && state !== 'default') continue;
      const known = questions.get(definition.id);
      const uses = [...(known?.uses ?? []), { server, target, destination }];
      questions.set(definition.id, { definition, isNeeded: state === 'missing', uses });
    }
  }
  return [...questions.values()];
}

/** The question as a human reads it: what, and who gets it. */
export function questionText({ definition: { id, description }, uses }: InputQuestion): string {
  const what = description === undefined || description === '' ? id : description;
  return `${what} – for ${uses.map(({ server, destination }) => `${server} (${destination})`).join(', ')}`;
}

/** Without a word of the value. Undefined: it can be taken. */
export function valueProblem({ kind, options }: InputDefinition, value: string): string | undefined {
  if (value === '') return 'A value is needed.';
  if ([...value].some((character) => character < ' ' || character === '\u007f')) return 'It holds control characters.';
  return kind === 'pick' && !options.includes(value) ? `One of these is needed: ${options.join(', ')}` : undefined;
}

/** Those of that server which no other one uses; `leaving`: the others that are logged out with it. */
export function inputsToForget(
  inputs: LoadedServers['inputs'],
  server: string,
  leaving: readonly string[],
): readonly { readonly target: string; readonly id: string }[] {
  const places = (name: string) => (inputs.get(name) ?? []).map(({ target, definition: { id } }) => ({ target, id }));
  const kept = [...inputs.keys()].filter((name) => name !== server && !leaving.includes(name)).flatMap(places);
  return places(server).filter((one) => !kept.some(({ target, id }) => target === one.target && id === one.id));
}

export type InputLine =
  | { readonly kind: 'value'; readonly question: InputQuestion; readonly value: string }
  | { readonly kind: 'blank' }
  /** `reason` goes on after the place of the line, and quotes nothing of it. */
  | { readonly kind: 'unusable'; readonly reason: string };

/** One line of stdin: `ID=VALUE`; space around either does not count. */
export function readInputLine(line: string, questions: readonly InputQuestion[]): InputLine {
  if (line.trim() === '') return { kind: 'blank' };
  const equals = line.indexOf('=');
  const id = line.slice(0, Math.max(equals, 0)).trim();
  const question = questions.find(({ definition }) => definition.id === id);
  const ids = questions.map(({ definition }) => definition.id).join(', ');
  if (!question) return { kind: 'unusable', reason: `is no ID=VALUE with one of the ids ${ids}` };
  const value = line.slice(equals + 1).trim();
  const problem = valueProblem(question.definition, value);
  if (problem !== undefined)
    return { kind: 'unusable', reason: `has no value for '${id}' that can be used: ${problem}` };
  return { kind: 'value', question, value };
}
