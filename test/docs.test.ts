// Holds the pages under docs/ against the code: every example is what it says, and every link leads somewhere. Their
// commands are executed by test/e2e/docs-commands.test.ts.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type ParseError, parse, printParseErrorCode } from 'jsonc-parser';
import { parse as parseToml } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { loadRules } from '../src/config/load-rules.ts';
import { errorTable } from '../src/errors.ts';
import { loadText, writeConfig } from './config/write-config.ts';
import { comingCommands } from './e2e/docs/not-executed.ts';
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

/** Command → its help, as it was agreed on. */
const help = new Map(
  readFileSync(join(root, 'test/e2e/contracts/help.txt'), 'utf8')
    .split('$ portico ')
    .map((text) => [text.slice(0, text.indexOf(' --help')), text] as const),
);

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
  const known = mentions.filter(({ name }) => help.has(name) || !comingCommands.includes(name));
  it.each(known)('on $page is one, with its options: portico $name$rest', ({ name, rest }) => {
    const options = [...rest.matchAll(/(?<= )--[a-z-]+/gu)].map(([option]) => option);
    expect(options.filter((option) => !help.get(name)?.includes(option))).toEqual([]);
    expect(help.has(name)).toBe(true);
  });
});

/** As GitHub makes them of headings. */
function anchorsOf(text: string): string[] {
  const headings = text.replaceAll(/^```[\s\S]*?^```$/gmu, '').matchAll(/^#+ (.+)$/gmu);
  return [...headings].map(([, heading = '']) => anchorOf(heading));
}

/** Pages that others link to before they are written. */
const comingPages = ['hosts.md'];

describe.each(pages)('%s', (page) => {
  it('has no link that leads nowhere', () => {
    const links = [...textOf(page).matchAll(/\]\((?!https?:)([^)\s]+)\)/gu)].map(([, link = '']) => link);
    const dead = links.filter((link) => {
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? join(root, page) : join(root, page, '..', file);
      if (!existsSync(target)) return !comingPages.includes(basename(target));
      return anchor !== undefined && !anchorsOf(readFileSync(target, 'utf8')).includes(anchor);
    });
    expect(dead).toEqual([]);
  });
});
