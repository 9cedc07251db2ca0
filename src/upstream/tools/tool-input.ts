// Owns reading the arguments of a meta tool once, as models really send them: a JSON string where an object or array is
// meant, a number as a string, null for "not given".
import { GatewayError } from '../../errors.ts';

export type RawInput = Readonly<Record<string, unknown>>;

/** The arguments of a meta tool could not be read: nobody has looked at the call yet. */
export class InputError extends GatewayError {
  constructor(name: string, problem: string, expected: string) {
    super('INVALID_ARGUMENTS', `'${name}' ${problem}; expected ${expected}`, {
      hint: 'tools/list shows the arguments of this tool.',
    });
    this.name = 'InputError';
  }
}

export class ToolInput {
  readonly #values: RawInput;

  constructor(values: RawInput) {
    this.#values = values;
  }

  /** A string that is not empty. */
  required(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw new InputError(name, 'is missing', 'a non-empty string');
    return value;
  }

  text(name: string): string | undefined {
    const value = this.#given(name);
    if (value === undefined || value === '') return undefined;
    if (typeof value !== 'string') throw new InputError(name, `is ${kindOf(value)}`, 'a string');
    return value;
  }

  flag(name: string): boolean {
    const value = this.#given(name);
    if (value === undefined || value === false || value === 'false' || value === '') return false;
    if (value === true || value === 'true') return true;
    throw new InputError(name, `is ${kindOf(value)}`, 'true or false');
  }

  /** A whole number from 1 up. */
  count(name: string): number | undefined {
    return this.#wholeNumber(name, 1);
  }

  /** A whole number from 0 up. */
  offset(name: string): number | undefined {
    return this.#wholeNumber(name, 0);
  }

  oneOf<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const choice = choices.find((known) => known === value);
    if (choice === undefined) throw new InputError(name, `is '${value.slice(0, 40)}'`, `one of ${choices.join(', ')}`);
    return choice;
  }

  /** An array of strings, or one string of them separated by commas. */
  names(name: string): readonly string[] | undefined {
    const given = this.#given(name);
    const value = typeof given === 'string' ? (parsed(given, '[') ?? given.split(',')) : given;
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || value.some((item) => typeof item !== 'string')) {
      throw new InputError(name, `is ${kindOf(value)}`, 'an array of strings');
    }
    const names = (value as string[]).map((item) => item.trim()).filter((item) => item !== '');
    return names.length === 0 ? undefined : names;
  }

  /** An object, or the JSON text of one; `{}` where it is not given. */
  object(name: string): Readonly<Record<string, unknown>> {
    const given = this.#given(name);
    if (given === undefined || given === '') return {};
    const value = typeof given === 'string' ? parsed(given, '{') : given;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
    throw new InputError(name, `is ${kindOf(given)}`, 'an object that fits the tool’s inputSchema');
  }

  /** Whom and what the call is about, as far as that can be read. */
  about(): { readonly agentId?: string; readonly server?: string; readonly tool?: string } {
    const [agentId, server, tool] = ['agent_id', 'server', 'tool'].map((name) => this.#given(name));
    return {
      ...(typeof agentId === 'string' && { agentId }),
      ...(typeof server === 'string' && { server }),
      ...(typeof tool === 'string' && { tool }),
    };
  }

  #wholeNumber(name: string, least: number): number | undefined {
    const value = this.#given(name);
    if (value === undefined || value === '') return undefined;
    const number = typeof value === 'string' ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < least) {
      throw new InputError(name, `is ${JSON.stringify(value)?.slice(0, 40)}`, `a whole number from ${least} up`);
    }
    return number;
  }

  #given(name: string): unknown {
    const value = Object.hasOwn(this.#values, name) ? this.#values[name] : undefined;
    return value === null ? undefined : value;
  }
}

/** The JSON value in a string that begins like one; undefined for any other string. */
function parsed(text: string, opening: '{' | '['): unknown {
  if (!text.trimStart().startsWith(opening)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON after all: the caller judges the string as a string.
    return undefined;
  }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
