// Owns asking for the values of `${input:id}` before a login: at a terminal one after the other, elsewhere as lines of
// stdin. All of them are kept, or none.
import type { LoadedServers } from '../config/server-entry.ts';
import { GatewayError } from '../errors.ts';
import type { Inputs } from '../input-wiring.ts';
import { Secret } from '../lib/secret.ts';
import { askOne, askText, mayAsk } from './ask.ts';
import type { CommandRun } from './command.ts';
import { type InputQuestion, inputQuestions, questionText, readInputLine, valueProblem } from './needed-inputs.ts';
import type { StdinLines } from './stdin-lines.ts';

interface Asked {
  readonly inputs: Inputs;
  readonly loaded: LoadedServers;
  readonly servers: readonly string[];
}

/** What is still missing afterwards makes its server unusable, as before. @throws GatewayError */
export async function giveInputs(
  run: CommandRun,
  lines: StdinLines,
  { inputs, loaded, servers }: Asked,
): Promise<void> {
  const questions = inputQuestions(loaded.inputs, servers);
  if (questions.length === 0) return;
  const answers = mayAsk(run) ? await askAll(run, questions) : await readAll(run, lines, questions);
  const given = [...answers].flatMap(([{ definition, uses }, value]) =>
    uses.map(({ target }) => ({ target, id: definition.id, value })),
  );
  if (given.length === 0) return;
  await inputs.save(given);
  const ids = [...answers.keys()].map(({ definition }) => definition.id).join(', ');
  run.output.line(`kept with the logins, for these servers alone: ${ids}`);
}

type Answers = ReadonlyMap<InputQuestion, Secret>;

async function askAll(run: CommandRun, questions: readonly InputQuestion[]): Promise<Answers> {
  const answers = new Map<InputQuestion, Secret>();
  for (const question of questions) {
    const { definition } = question;
    const { kind, options, default: offered } = definition;
    const text = questionText(question);
    const answer =
      kind === 'pick'
        ? await askOne(run, text, { options, offered })
        : await askText(run, text, {
            offered,
            isHidden: definition.isPassword,
            problemOf: (value) => valueProblem(definition, value.trim()),
          });
    answers.set(question, new Secret(answer.trim()));
  }
  return answers;
}

/** Reads no further than to the last value that is needed: what follows may be the end of a login. */
async function readAll(
  { context, output }: CommandRun,
  lines: StdinLines,
  questions: readonly InputQuestion[],
): Promise<Answers> {
  const answers = new Map<InputQuestion, Secret>();
  const lacking = (): readonly InputQuestion[] =>
    questions.filter((question) => question.isNeeded && !answers.has(question));
  // At a terminal that nobody may be asked at, what is typed would be seen.
  if (lacking().length === 0 || context.stdin.isTTY) return answers;
  for (const question of lacking()) {
    output.line(`read from stdin: ${question.definition.id}=VALUE (${questionText(question)})`);
  }
  for (let number = 1; lacking().length > 0; number++) {
    const line = await lines.next();
    if (line === undefined) break;
    const read = readInputLine(line, questions);
    if (read.kind === 'value') answers.set(read.question, new Secret(read.value));
    if (read.kind !== 'unusable') continue;
    throw new GatewayError('INVALID_ARGUMENTS', `line ${number} of stdin ${read.reason}`, {
      hint: 'Nothing was kept.',
    });
  }
  return answers;
}
