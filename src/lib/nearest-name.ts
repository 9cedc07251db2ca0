// Owns "did you mean": which known names are near to a mistyped one; knows nothing of what the names mean.

/** Longer names are compared by their beginning, so that a hostile list costs little. Characters. */
const comparedLength = 80;

/**
 * The candidates nearest to `name`, best first: few typing errors away (case does not count), or one holds the other.
 */
export function nearestNames(name: string, candidates: Iterable<string>, max = 3): string[] {
  const wanted = folded(name);
  if (wanted === '') return [];
  const ranked: { candidate: string; rank: number }[] = [];
  for (const candidate of new Set(candidates)) {
    const rank = rankOf(wanted, folded(candidate));
    if (rank !== undefined) ranked.push({ candidate, rank });
  }
  ranked.sort((a, b) => a.rank - b.rank || (a.candidate < b.candidate ? -1 : 1));
  return ranked.slice(0, max).map(({ candidate }) => candidate);
}

/** `callback_port`, `callback-port` and `callbackPort` are one name to a human. */
function folded(name: string): string {
  return name
    .slice(0, comparedLength)
    .toLowerCase()
    .replace(/[-_. ]/g, '');
}

/** Lower is nearer; undefined: too far to be meant. */
function rankOf(wanted: string, known: string): number | undefined {
  if (known === '') return undefined;
  const allowed = Math.max(1, Math.floor(Math.max(wanted.length, known.length) / 3));
  const distance = editDistance(wanted, known);
  if (distance <= allowed) return distance;
  const [short, long] = wanted.length < known.length ? [wanted, known] : [known, wanted];
  // A part of the name comes after every likely typing error.
  return short.length >= 3 && long.includes(short) ? comparedLength + long.length - short.length : undefined;
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, at(beforeLast, j - 2) + 1);
      }
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
