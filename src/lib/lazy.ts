// Owns "made when first needed, and once".

export interface Lazy<T> {
  get(): Promise<T>;
  /** What was made so far; undefined where nobody needed it. */
  made(): Promise<T> | undefined;
}

/** A failed attempt is not kept: the next `get` tries anew. */
export function lazy<T>(make: () => Promise<T>): Lazy<T> {
  let value: Promise<T> | undefined;
  return {
    get() {
      value ??= make().catch((error: unknown) => {
        value = undefined;
        throw error;
      });
      return value;
    },
    made: () => value,
  };
}
