// Owns where the values of `${input:id}` come from and go to: the file beside the logins. Opened only for a config that
// refers to one.
import type { InputPlace, StoredInput } from './auth/input-store.ts';
import type { InputAnswer, OpenInputs } from './config/input-values.ts';
import { errorText, GatewayError } from './errors.ts';
import { findPaths } from './paths.ts';
import type { Settings } from './settings.ts';
import { createTokenPlace, type TokenStoreDeps } from './token-store-wiring.ts';

export interface Inputs {
  /** Reads anew each time. */
  readonly open: OpenInputs;
  /** Where they are kept. */
  readonly file: string;
  /** @throws GatewayError CONFIG_INVALID where they cannot be kept */
  save(inputs: readonly StoredInput[]): Promise<void>;
  forget(places: readonly InputPlace[]): Promise<number>;
}

export function createInputs(deps: TokenStoreDeps, { tokenDir }: Pick<Settings, 'tokenDir'>): Inputs {
  const { env, cwd } = deps;
  const place = createTokenPlace(deps, findPaths({ env, cwd, tokenDir }).tokenDir);
  return {
    file: place.inputsFile,
    async open() {
      try {
        const stored = await (await place.openInputs()).read();
        const values = new Map(stored.map((input) => [keyOf(input), input.value]));
        return (target, id): InputAnswer => {
          const value = values.get(keyOf({ target, id }));
          return value === undefined ? { kind: 'missing' } : { kind: 'given', value: value.reveal() };
        };
      } catch (error) {
        // Each server that needs one says so; the others go on.
        const hint = error instanceof GatewayError ? error.hint : undefined;
        return () => ({ kind: 'unreadable', reason: errorText(error), hint });
      }
    },
    async save(inputs) {
      await place.requireWritable();
      await (await place.openInputs()).save(inputs);
    },
    forget: async (places) => (places.length === 0 ? 0 : await (await place.openInputs()).forget(places)),
  };
}

function keyOf({ target, id }: InputPlace): string {
  return `${target} ${id}`;
}
