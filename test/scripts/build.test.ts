// What scripts/build.mjs has made: the files that every start loads, before the host gets its first answer.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { mainFile } from '../helpers/programs.ts';

const dist = dirname(mainFile);
const textOf = (name: string): string => readFileSync(join(dist, name), 'utf8');
/** Of static imports and re-exports; what `import()` names is loaded when it is needed. */
const importedBy = (text: string): string[] =>
  [...text.matchAll(/^(?:import|export)\s(?:[^'"();]*\sfrom\s)?["']([^"']+)["']/gm)].map(([, name = '']) => name);

/** Everything that is loaded with this file: ours by name, packages by theirs. */
function loadedWith(name: string, found = new Set<string>()): Set<string> {
  if (found.has(name)) return found;
  found.add(name);
  for (const imported of importedBy(textOf(name))) {
    if (imported.startsWith('./')) loadedWith(imported.slice(2), found);
    else if (!isBuiltin(imported)) found.add(imported);
  }
  return found;
}

describe('the build', () => {
  test('is few files, of which each start loads two, and the packages of the command line', () => {
    expect([...loadedWith('main.js')].sort()).toEqual([
      'commander',
      'env-paths',
      'main.js',
      'start.js',
      'write-file-atomic',
    ]);
    expect(readdirSync(dist).filter((name) => !/^[\w-]+\.js$/.test(name))).toEqual(['LICENSE-zod']);
  });

  test('leaves to those who need them the packages that take long to load', () => {
    const heavy = ['@clack/prompts', '@modelcontextprotocol/client', 'jose', 'minisearch', 'oauth4webapi', 'undici'];
    const whole = readdirSync(dist).map(textOf).join('\n');
    expect(heavy.filter((name) => !whole.includes(`"${name}"`))).toEqual([]);
    // What is used of it is a part of the build.
    expect(whole).not.toMatch(/(?:from|import\() ?"zod/);
    const loaded = loadedWith('compose.js');
    expect(heavy.filter((name) => loaded.has(name))).toEqual([]);
  });

  test('can be run as it is', () => {
    expect(textOf('main.js')).toMatch(/^#!\/usr\/bin\/env node\n/);
    if (process.platform !== 'win32') expect(statSync(mainFile).mode & 0o777).toBe(0o755);
  });
});
