// Owns `*` and `?` in names: anchored, case-sensitive; knows nothing of what the names mean.

export function isGlob(pattern: string): boolean {
  return pattern.includes('*') || pattern.includes('?');
}

/**
 * `*` stands for any run of characters, `?` for exactly one; everything else for itself. Time is at most the product
 * of both lengths: tool names come from foreign servers, so a regular expression that backtracks will not do.
 */
export function matchesGlob(pattern: string, name: string): boolean {
  if (!isGlob(pattern)) return pattern === name;
  const [wanted, given] = [[...pattern], [...name]];
  let at = 0;
  /** Where the last star stands in the pattern, and how much of the name it has swallowed up to. */
  let star = -1;
  let swallowed = 0;
  for (let index = 0; index < given.length; ) {
    if (wanted[at] === '*') {
      star = at;
      swallowed = index;
      at += 1;
    } else if (at < wanted.length && (wanted[at] === '?' || wanted[at] === given[index])) {
      at += 1;
      index += 1;
    } else if (star === -1) {
      return false;
    } else {
      swallowed += 1;
      index = swallowed;
      at = star + 1;
    }
  }
  return wanted.slice(at).every((rest) => rest === '*');
}
