// Holds what README.md promises against the code: commands, options, variables, keys, files.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { run } from '../src/cli/run.ts';
import { oauthKeys } from '../src/config/oauth-schema.ts';
import { entryKeys } from '../src/config/servers-schema.ts';
import { errorTable } from '../src/errors.ts';
import { allTools } from '../src/upstream/tools/all-tools.ts';
import { cliContext } from './helpers/cli-context.ts';

const root = join(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const source = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(join(root, 'src', file), 'utf8'))
  .join('\n');

/** The rows below the one table whose head begins with that cell. */
function table(head: string): string[][] {
  const lines = readme.split('\n');
  const start = lines.findIndex((line) => cells(line)[0] === head);
  if (start < 0) throw new Error(`README.md has no table that begins with "${head}"`);
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('|'));
  return lines.slice(start + 2, end).map(cells);
}

function cells(line: string): string[] {
  const parts = line.split('|').slice(1, -1);
  return parts.map((cell) => cell.trim());
}

/** What stands between backticks in the first cells. */
function names(head: string): string[] {
  return table(head).flatMap(([cell = '']) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
}

async function help(...command: string[]): Promise<string> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const streams = { stdin: new PassThrough(), stdout, stderr };
  const code = await run([...command, '--help'], cliContext({ env: {}, cwd: root, platform: 'linux', ...streams }));
  expect(code).toBe(0);
  stdout.end();
  return await text(stdout);
}

function options(words: string): string[] {
  return [...words.matchAll(/--[a-z-]+/g)].map(([option]) => option);
}

describe('README.md', () => {
  it('lists the commands that --help lists', async () => {
    const listed = [...(await help()).matchAll(/^ {2}([a-z-]+) \[/gm)].map(([, name]) => name);
    expect(names('command').map((usage) => usage.split(' ')[0])).toEqual(listed.filter((name) => name !== 'help'));
  });

  it.each(names('command'))('gives `%s` only options that it has', async (usage) => {
    const known = options(await help(usage.split(' ')[0] ?? ''));
    expect(known).toEqual(expect.arrayContaining([...options(usage), '--config', '--rules', '--token-dir', '--json']));
  });

  it('names every variable that the code reads, and no other', () => {
    const inSource = new Set([...source.matchAll(/'(GATEWAY_[A-Z_]+)'/g)].map(([, name]) => name));
    const inReadme = new Set([...readme.matchAll(/\bGATEWAY_[A-Z_]+\b/g)].map(([name]) => name));
    expect([...inReadme].sort()).toEqual([...inSource].sort());
    const others = names('variable').filter((name) => /^[A-Z][A-Z_]+$/.test(name));
    expect(others.filter((name) => !source.includes(`'${name}'`))).toEqual([]);
  });

  it('describes keys of the config that the schema has', () => {
    const known = new Set([...entryKeys, ...oauthKeys.map((key) => `oauth.${key}`)]);
    const firstCells = names('key');
    expect(firstCells.length).toBeGreaterThan(10);
    expect(firstCells.filter((key) => !known.has(key))).toEqual([]);
  });

  it('lists the meta tools in the order of tools/list', () => {
    expect(names('tool')).toEqual([...allTools({ debug: true }).keys()]);
  });

  it('explains every exit code of the error table', () => {
    const codes = new Set(Object.values(errorTable).map(({ exitCode }) => `${exitCode}`));
    const explained = table('exit code').map(([code]) => code);
    expect(explained).toEqual(expect.arrayContaining([...codes]));
  });

  it('links to files that exist', () => {
    const targets = [...readme.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => target);
    expect(targets.filter((target) => !target.startsWith('https://') && !existsSync(join(root, target)))).toEqual([]);
  });

  it('uses npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
    const used = [...readme.matchAll(/\bnpm (?:run )?([a-z]+)/g)].map(([, name = '']) => name);
    expect(
      [...new Set(used)].filter((name) => !['ci', 'install'].includes(name) && !Object.hasOwn(scripts, name)),
    ).toEqual([]);
  });
});
