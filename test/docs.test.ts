// Holds the pages under docs/ against the code: every example is what it says, and every link leads somewhere. Their
// commands are executed by test/e2e/docs-commands.test.ts.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ParseError, parse, printParseErrorCode } from 'jsonc-parser';
import { parse as parseToml } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { loadRules } from '../src/config/load-rules.ts';
import { errorTable } from '../src/errors.ts';
import { runHere } from './cli/run-here.ts';
import { loadText, writeConfig } from './config/write-config.ts';
import { anchorOf, blocksOf } from './helpers/docs-page.ts';

const root = join(import.meta.dirname, '..');
const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)];
const textOf = (page: string): string => readFileSync(join(root, page), 'utf8');

const examples = pages.flatMap((page) =>
  [...textOf(page).matchAll(/^ *```jsonc?\n([\s\S]*?)^ *```$/gmu)]
    .map(([, text = '']) => text)
    // Some are entries alone, to be put among others.
    .map((text) => (text.startsWith('"') ? `{ "mcpServers": { ${text} } }` : text))
    .filter((text) => text.includes('"mcpServers"'))
    .map((text, index) => ({ page, number: index + 1, text })),
);

describe('an example of a config', () => {
  it.each(examples)('in $page, number $number, is taken without an error or a warning', async ({ text }) => {
    const variables = [...text.matchAll(/\$\{(\w+)/gu)].map(([, name = '']) => [name, 'value']);
    const { issues, servers } = await loadText(text, Object.fromEntries(variables));
    expect(issues.map(({ message }) => message)).toEqual([]);
    expect([...servers.values()].every(({ state }) => state === 'usable')).toBe(true);
  });
});

const data = pages.flatMap((page) =>
  blocksOf(textOf(page))
    .filter(({ language }) => ['json', 'jsonc', 'toml'].includes(language))
    .map(({ language, line, lines }) => ({ place: `${page}:${line}`, language, text: lines.join('\n') })),
);

/** Some are members alone, to be put among others. */
const asObject = (text: string): string => (text.startsWith('"') ? `{ ${text} }` : text);

describe('a block of data', () => {
  it.each(data)('at $place is $language', ({ language, text }) => {
    if (language === 'toml') return void parseToml(text);
    const errors: ParseError[] = [];
    parse(asObject(text), errors, language === 'jsonc' ? { allowTrailingComma: true } : { disallowComments: true });
    expect(errors.map(({ error, offset }) => `${printParseErrorCode(error)} at ${offset}`)).toEqual([]);
  });

  it.each(data.filter(({ text }) => text.includes('"agents"')))(
    'at $place is a rules file without a fault',
    async ({ text }) => {
      expect((await loadRules({ path: await writeConfig(text, 'gateway-rules.json') })).issues).toEqual([]);
    },
  );
});

describe('docs/troubleshooting.md', () => {
  it('has a part for each error code, in the order of the table, and no other', () => {
    const headings = [...textOf('docs/troubleshooting.md').matchAll(/^### (.+)$/gmu)].map(([, heading]) => heading);
    expect(headings).toEqual(Object.keys(errorTable));
  });
});

const place = { cwd: root, env: {} };
const { stdout: commandList } = await runHere(['--help'], place);
const commandNames = [...commandList.matchAll(/^ {2}([a-z-]+) \[/gmu)].map(([, name = '']) => name);
const optionsOf = async (name: string): Promise<string> => (await runHere([name, '--help'], place)).stdout;

/** What stands between backticks in the text and begins with `portico`. */
const mentions = pages.flatMap((page) => {
  const text = textOf(page).replaceAll(/^ *```[\s\S]*?^ *```$/gmu, '');
  return [...text.matchAll(/`portico ([a-z][a-z-]*)( [^`]*)?`/gu)].map(([, name = '', rest = '']) => ({
    page,
    name,
    rest,
  }));
});

describe('a command that the text mentions', () => {
  it.each(mentions)('on $page is one, with its options: portico $name $rest', async ({ name, rest }) => {
    expect(commandNames).toContain(name);
    const options = [...rest.matchAll(/(?<= )--[a-z-]+/gu)].map(([option]) => option);
    const known = options.length > 0 ? await optionsOf(name) : '';
    expect(options.filter((option) => !known.includes(option))).toEqual([]);
  });
});

/** As GitHub makes them of headings. */
function anchorsOf(text: string): string[] {
  const headings = text.replaceAll(/^```[\s\S]*?^```$/gmu, '').matchAll(/^#+ (.+)$/gmu);
  return [...headings].map(([, heading = '']) => anchorOf(heading));
}

describe.each(pages)('%s', (page) => {
  it('has no link that leads nowhere', () => {
    const links = [...textOf(page).matchAll(/\]\((?!https?:)([^)\s]+)\)/gu)].map(([, link = '']) => link);
    const dead = links.filter((link) => {
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? join(root, page) : join(root, page, '..', file);
      if (!existsSync(target)) return true;
      return anchor !== undefined && !anchorsOf(readFileSync(target, 'utf8')).includes(anchor);
    });
    expect(dead).toEqual([]);
  });
});
