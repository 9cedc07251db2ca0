// Owns looking into a value of unknown shape, one level deep.

export type Members = Readonly<Record<string, unknown>>;

const none: Members = Object.freeze({});

/** The value itself where it is an object or an array; else nothing to look at. */
export function membersOf(value: unknown): Members {
  return typeof value === 'object' && value !== null ? (value as Members) : none;
}

export function isRecord(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The same for what means nothing as an array, such as a schema. */
export function recordOf(value: unknown): Members {
  return isRecord(value) ? value : none;
}
