// Owns a string that must not be printed; knows nothing of where it comes from.
import { inspect } from 'node:util';

const hidden = '[secret]';

/** A value that shows as `[secret]` wherever it is printed, logged or serialised. `reveal()` is the only way to it. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  equals(other: Secret): boolean {
    return this.#value === other.#value;
  }

  toString(): string {
    return hidden;
  }

  toJSON(): string {
    return hidden;
  }

  [inspect.custom](): string {
    return hidden;
  }
}
