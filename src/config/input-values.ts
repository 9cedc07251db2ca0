// Owns the shape of `${input:id}` for every room: what is asked for, who needs it, and what can be answered.
// Knows nothing of where they are kept.

export interface InputDefinition {
  readonly id: string;
  /** `command`: only VS Code could run it. */
  readonly kind: 'text' | 'pick' | 'command';
  readonly description?: string;
  /** What holds where nobody was asked; of a password there is none. */
  readonly default?: string;
  /** Not shown while it is typed, and nowhere afterwards. */
  readonly isPassword: boolean;
  /** Of a `pick`: at least one. */
  readonly options: readonly string[];
}

export type InputAnswer =
  | { readonly kind: 'given'; readonly value: string }
  | { readonly kind: 'missing' }
  /** There may be one, and it cannot be read. Neither text holds a value. */
  | { readonly kind: 'unreadable'; readonly reason: string; readonly hint?: string | undefined };

/** `target`: what the value was given for (input-target.ts). A value that was given for another one is none. */
export type InputLookup = (target: string, id: string) => InputAnswer;

/** Called once a file, and only where an entry refers to an input. Never rejects. */
export type OpenInputs = () => Promise<InputLookup>;

/** An input that one server refers to. */
export interface ServerInput {
  readonly definition: InputDefinition;
  /** Where it stands in the entry: `headers.Authorization`. */
  readonly keys: readonly string[];
  /** What a value for it is bound to. */
  readonly target: string;
  /** The same for a human: where the value goes. */
  readonly destination: string;
  /** `default`: nobody was asked, and nobody has to be. `impossible`: of the type `command`. */
  readonly state: 'given' | 'default' | 'missing' | 'unreadable' | 'impossible';
}
