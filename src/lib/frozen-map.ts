// Owns a map that cannot be changed after it is built; knows nothing of its values.

function refuse(): never {
  throw new TypeError('this map is read-only');
}

/** `Object.freeze` does not stop `Map.set`: here the changing methods throw, for code that casts the type away. */
export function frozenMap<K, V>(entries: Iterable<readonly [K, V]>): ReadonlyMap<K, V> {
  const map = new Map(entries);
  for (const method of ['set', 'delete', 'clear']) Object.defineProperty(map, method, { value: refuse });
  return Object.freeze(map);
}
