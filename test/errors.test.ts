// Holds docs/errors.md against the table in src/errors.ts.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorTable } from '../src/errors.ts';

const page = readFileSync(join(import.meta.dirname, '..', 'docs', 'errors.md'), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => /^\| `/.test(line))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

describe('docs/errors.md', () => {
  it('lists every code of the table with its meaning, exit code and retry, in the same order, and no other', () => {
    const documented = rows.map(([code, meaning, exitCode, retry]) => [code, meaning, exitCode, retry]);
    const expected = Object.entries(errorTable).map(([code, row]) => [
      `\`${code}\``,
      row.meaning,
      `${row.exitCode}`,
      row.retry,
    ]);
    expect(documented).toEqual(expected);
  });

  it('names no code that the table does not have', () => {
    const named = [...page.matchAll(/\b[A-Z]{2,}(?:_[A-Z]+)+\b/g)].map(([code]) => code);
    expect(named.filter((code) => !Object.hasOwn(errorTable, code))).toEqual([]);
  });
});
