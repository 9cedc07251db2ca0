// Owns VS Code's `inputs`: what each value is that has to be asked for. Knows nothing of the values, or of who needs them.
import { present } from '../lib/present.ts';
import type { InputDefinition } from './input-values.ts';
import type { IssueList } from './issue-list.ts';
import { unknownKeyHint } from './key-hints.ts';
import { typeOf } from './schema-issues.ts';
import { isObject } from './value-checks.ts';

export const inputTypes = ['promptString', 'pickString', 'command'] as const;
export const inputKeys: readonly string[] = ['id', 'type', 'description', 'default', 'password', 'options'];
/** What belongs to `command`; known, and of no use here. */
const commandKeys: readonly string[] = ['command', 'args'];

type Members = Readonly<Record<string, unknown>>;

/** By id. What is wrong with one is a warning: it is then asked for as far as it can be understood. */
export function inputDefinitions(inputs: unknown, issues: IssueList): ReadonlyMap<string, InputDefinition> {
  const definitions = new Map<string, InputDefinition>();
  if (inputs === undefined) return definitions;
  if (!Array.isArray(inputs)) {
    issues.warning({ path: ['inputs'], message: '"inputs" must be a list of objects with an "id"', atKey: true });
    return definitions;
  }
  for (const [index, input] of inputs.entries()) {
    const definition = definitionOf(input, at(issues, index));
    if (!definition) continue;
    if (!definitions.has(definition.id)) definitions.set(definition.id, definition);
    else
      at(issues, index).warning({
        path: ['id'],
        message: `input '${definition.id}' stands there twice; the first is used`,
      });
  }
  return definitions;
}

/** One that a server refers to and the file does not describe: nothing says that it may be seen. */
export function undescribedInput(id: string): InputDefinition {
  return { id, kind: 'text', isPassword: true, options: [] };
}

function at(issues: IssueList, index: number): Pick<IssueList, 'warning'> {
  return { warning: (note) => issues.warning({ ...note, path: ['inputs', index, ...note.path] }) };
}

function definitionOf(input: unknown, issues: Pick<IssueList, 'warning'>): InputDefinition | undefined {
  if (!isObject(input) || typeof input['id'] !== 'string' || !/^[\w.-]+$/.test(input['id'])) {
    const hint = 'write {"id": "key", "type": "promptString", "description": "API key", "password": true}';
    issues.warning({ path: [], message: 'is no input: an "id" of letters, digits, ".", "_" and "-" is needed', hint });
    return undefined;
  }
  const { id } = input;
  const kind = kindOf(input, issues);
  for (const key of Object.keys(input)) {
    if (inputKeys.includes(key) || (kind === 'command' && commandKeys.includes(key))) continue;
    const hint = unknownKeyHint(key, inputKeys);
    issues.warning({
      path: [key],
      message: `input '${id}': "${key}" is no known key and has no effect`,
      hint,
      atKey: true,
    });
  }
  const isPassword = input['password'] === true;
  const options = kind === 'pick' ? optionsOf(input, issues) : [];
  return {
    id,
    // Without a list there is nothing to pick from.
    kind: kind === 'pick' && options.length === 0 ? 'text' : kind,
    ...present({
      description: textOf(input, 'description', issues),
      default: isPassword ? undefined : textOf(input, 'default', issues) || undefined,
    }),
    isPassword,
    options,
  };
}

function kindOf(input: Members, issues: Pick<IssueList, 'warning'>): InputDefinition['kind'] {
  const { id, type } = input;
  if (type === 'pickString') return 'pick';
  if (type === 'command') return 'command';
  if (type !== 'promptString') {
    const hint = `write one of ${inputTypes.join(', ')}`;
    issues.warning({
      path: type === undefined ? [] : ['type'],
      message: `input '${id}' has no type that is known`,
      hint,
    });
  }
  return 'text';
}

function textOf(input: Members, key: string, issues: Pick<IssueList, 'warning'>): string | undefined {
  const value = input[key];
  if (value === undefined || typeof value === 'string') return value;
  issues.warning({ path: [key], message: `input '${input['id']}': "${key}" must be a string, not ${typeOf(value)}` });
  return undefined;
}

/** Strings, or as of newer editors objects with a label and a value. */
function optionsOf(input: Members, issues: Pick<IssueList, 'warning'>): readonly string[] {
  const options: readonly unknown[] = Array.isArray(input['options']) ? input['options'] : [];
  const values = options.map((option) => (isObject(option) ? option['value'] : option));
  const texts = values.filter((value) => typeof value === 'string' && value !== '') as string[];
  if (texts.length === 0 || texts.length < values.length) {
    const hint = 'write "options": ["one", "two"]';
    issues.warning({ path: [], message: `input '${input['id']}' has options that are no strings, or none`, hint });
  }
  return texts;
}
