// Owns the values that humans gave for `${input:id}`: one private file beside the logins, encrypted as they are. Each is
// bound to what it was given for. Knows nothing of the config.
import { GatewayError } from '../errors.ts';
import type { FileLock } from '../lib/file-lock.ts';
import { removeIfPresent } from '../lib/json-file.ts';
import { Secret } from '../lib/secret.ts';
import { closeToOthers, type FindSeal, readSealedFile, type SealedFile, writeSealedFile } from './sealed-file.ts';

/** What a value belongs to: the same id for another target is another value. */
export interface InputPlace {
  readonly target: string;
  readonly id: string;
}

export interface StoredInput extends InputPlace {
  readonly value: Secret;
}

export interface InputStore {
  /** @throws GatewayError CONFIG_INVALID where the file cannot be read or understood, or the key does not fit */
  read(): Promise<readonly StoredInput[]>;
  /** Puts these in the place of those that are there. @throws GatewayError CONFIG_INVALID */
  save(inputs: readonly StoredInput[]): Promise<void>;
  /** How many there were. A file without any is removed. @throws GatewayError CONFIG_INVALID */
  forget(places: readonly InputPlace[]): Promise<number>;
}

/** One value in the file; what a newer version wrote besides is kept. */
type Saved = InputPlace & { readonly value: string } & Readonly<Record<string, unknown>>;

interface Content {
  readonly version: number;
  readonly values: readonly Saved[];
}

const formatVersion = 1;

export function createInputStore(
  deps: { readonly lock: FileLock; readonly seal?: FindSeal; readonly now: () => number },
  { path }: { readonly path: string },
): InputStore {
  const file: SealedFile = {
    path,
    name: 'inputs',
    what: 'the file of inputs',
    giveUp: 'or give its values up: delete it, then portico login SERVER.',
  };
  const load = async (): Promise<Content | undefined> => contentOf(await readSealedFile(deps.seal, file), file);
  return {
    async read() {
      const content = await load();
      if (content) await closeToOthers(file.path);
      return (content?.values ?? []).map(({ target, id, value }) => ({ target, id, value: new Secret(value) }));
    },
    save: (inputs) =>
      deps.lock.hold(file.path, async () => {
        const content = await load();
        const others = (content?.values ?? []).filter((one) => !inputs.some((input) => isSamePlace(one, input)));
        const saved_at = Math.floor(deps.now() / 1000);
        const values = inputs.map(({ target, id, value }) => ({ target, id, value: value.reveal(), saved_at }));
        const version = content?.version ?? formatVersion;
        await writeSealedFile(deps.seal, file, { ...content, version, values: [...others, ...values] });
      }),
    async forget(places) {
      const isMeant = (one: InputPlace): boolean => places.some((place) => isSamePlace(one, place));
      if (!((await load())?.values ?? []).some(isMeant)) return 0;
      return await deps.lock.hold(file.path, async () => {
        const content = await load();
        const kept = (content?.values ?? []).filter((one) => !isMeant(one));
        if (content && kept.length > 0) await writeSealedFile(deps.seal, file, { ...content, values: kept });
        else await removeIfPresent(file.path);
        return (content?.values.length ?? 0) - kept.length;
      });
    },
  };
}

function isSamePlace(one: InputPlace, other: InputPlace): boolean {
  return one.target === other.target && one.id === other.id;
}

/** A file that is not understood is never taken for an empty one: it would be written over. */
function contentOf(read: Awaited<ReturnType<typeof readSealedFile>>, { path }: SealedFile): Content | undefined {
  if (!read) return undefined;
  const { version, values } = read.value ?? {};
  const isUsable = typeof version === 'number' && Array.isArray(values) && values.every(isSaved);
  if (isUsable) return { ...read.value, version, values };
  throw new GatewayError('CONFIG_INVALID', `the file of inputs ${path} cannot be used: it is not as it was written`, {
    hint: 'It was left as it is. Restore a copy, or delete it, then portico login SERVER.',
  });
}

function isSaved(value: unknown): value is Saved {
  if (typeof value !== 'object' || value === null) return false;
  const { target, id, value: given } = value as Readonly<Record<string, unknown>>;
  return [target, id, given].every((member) => typeof member === 'string');
}
