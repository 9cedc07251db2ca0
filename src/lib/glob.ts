// Owns `*` and `?` in names: anchored, case-sensitive; knows nothing of what the names mean.

const compiled = new Map<string, RegExp>();

export function isGlob(pattern: string): boolean {
  return pattern.includes('*') || pattern.includes('?');
}

/** `*` stands for any run of characters, `?` for exactly one; everything else for itself. */
export function matchesGlob(pattern: string, name: string): boolean {
  if (!isGlob(pattern)) return pattern === name;
  let expression = compiled.get(pattern);
  if (!expression) {
    const source = pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*+/g, '.*')
      .replaceAll('?', '.');
    expression = new RegExp(`^${source}$`, 'su');
    compiled.set(pattern, expression);
  }
  return expression.test(name);
}
