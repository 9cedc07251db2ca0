// Owns the size of what goes to an agent, for the audit log: counted only where nobody knows it yet.

type Members = Readonly<Record<string, unknown>>;

export interface Measured<T> {
  readonly value: T;
  /** Bytes. */
  readonly size: number;
}

export function plain<T>(value: T): Measured<T> {
  return { value, size: Buffer.byteLength(JSON.stringify(value) ?? '') };
}

/** What became of a server's result: where it is the same, its size need not be found out. */
export function relayed(
  { result, size }: { readonly result: Members; readonly size: number | undefined },
  value: Members = result,
): Measured<Members> {
  return value === result && size !== undefined ? { value, size } : plain(value);
}
