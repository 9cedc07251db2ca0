// Owns the inputs of one entry: which it refers to and where, what each stands for, and what is said where one has no
// value. Never puts a value into an issue.
import type { Environment, InputOf, InputProblem } from './expand-env.ts';
import { undescribedInput } from './input-definitions.ts';
import { type InputTarget, inputTarget } from './input-target.ts';
import type { InputAnswer, InputDefinition, InputLookup, ServerInput } from './input-values.ts';
import { type IssueList, keyText } from './issue-list.ts';
import type { JsonPath } from './json-document.ts';

/** Of one config file. */
export interface InputSource {
  readonly definitions: ReadonlyMap<string, InputDefinition>;
  readonly lookup: InputLookup;
  /** The file: its real directory, and its name there. */
  readonly place: string;
}

export interface ServerInputs {
  readonly inputOf: InputOf;
  /** What is wrong with that one, which has no value. */
  report(problem: InputProblem, issues: IssueList, disabled: boolean): void;
  /** Those that were asked for so far. */
  used(): readonly ServerInput[];
}

/** Everything else is shown to agents or chooses how the gateway works. */
const allowedIn: ReadonlySet<unknown> = new Set(['command', 'args', 'env', 'cwd', 'url', 'headers', 'oauth']);
/** Shown by `list_servers` and in messages. */
const shownKeys: ReadonlySet<unknown> = new Set(['command', 'cwd', 'url']);

export function serverInputs(
  source: InputSource,
  entry: Readonly<Record<string, unknown>>,
  about: { readonly name: string; readonly env: Environment },
): ServerInputs {
  let target: InputTarget | undefined;
  const uses = new Map<
    string,
    { readonly definition: InputDefinition; readonly keys: Set<string>; answer: InputAnswer }
  >();
  const use = (id: string, path: JsonPath) => {
    target ??= inputTarget(entry, { ...about, place: source.place });
    const known = uses.get(id) ?? {
      definition: source.definitions.get(id) ?? undescribedInput(id),
      keys: new Set<string>(),
      answer: source.lookup(target.id, id),
    };
    known.keys.add(keyText(path));
    uses.set(id, known);
    return known;
  };
  return {
    inputOf(id, path) {
      const { definition, answer } = use(id, path);
      if (!allowedIn.has(path[0]) || definition.kind === 'command') return undefined;
      return answer.kind === 'given' ? answer.value : answer.kind === 'missing' ? definition.default : undefined;
    },
    report({ id, path }, issues, disabled) {
      const { definition, answer } = use(id, path);
      const add = disabled ? issues.warning : issues.error;
      add({ path, ...problemOf(about.name, { definition, answer, path }) });
    },
    used: () =>
      [...uses.values()].map(({ definition, keys, answer }) => ({
        definition,
        keys: [...keys],
        target: target?.id ?? '',
        destination: target?.shown ?? '',
        state: stateOf(definition, answer),
      })),
  };
}

/** A secret where others see it. */
export function warnOfShownInputs(inputs: readonly ServerInput[], issues: IssueList): void {
  for (const { definition, keys } of inputs) {
    const key = definition.isPassword ? keys.find((one) => shownKeys.has(one)) : undefined;
    if (key === undefined) continue;
    const hint = 'put it into "headers" or "env", where the server takes it there';
    issues.warning({
      path: [key],
      message: `input '${definition.id}' is not to be seen, and ${key} is shown to agents`,
      hint,
    });
  }
}

interface Use {
  readonly definition: InputDefinition;
  readonly answer: InputAnswer;
  readonly path: JsonPath;
}

/** The message says by itself what to type: `status` and `list_servers` have room for nothing else. */
function problemOf(server: string, { definition, answer, path }: Use): { message: string; hint: string | undefined } {
  const what = `input '${definition.id}'`;
  const key = keyText(path);
  if (!allowedIn.has(path[0])) {
    const hint = `an input may stand in ${[...allowedIn].join(', ')}`;
    return { message: `${what} cannot stand in ${key}, which is shown to agents`, hint };
  }
  if (definition.kind === 'command') {
    const message = `${what} is of the type "command", which only VS Code can run (${key})`;
    return { message, hint: `make it a "promptString", or write \${VAR} and set that variable` };
  }
  if (answer.kind === 'unreadable') {
    return { message: `${what} cannot be read (${key}): ${answer.reason}`, hint: answer.hint };
  }
  const message = `${what} has no value (${key}); it is asked for by: portico login ${server}`;
  return { message, hint: `it asks at a terminal; elsewhere it takes the line ${definition.id}=VALUE from stdin` };
}

function stateOf(definition: InputDefinition, answer: InputAnswer): ServerInput['state'] {
  if (definition.kind === 'command') return 'impossible';
  if (answer.kind !== 'missing') return answer.kind;
  return definition.default === undefined ? 'missing' : 'default';
}
