// Holds the pages under docs/ against the code: every example of a config is one, and every link leads somewhere.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadText } from './config/write-config.ts';

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

/** As GitHub makes them of headings. */
function anchorsOf(text: string): string[] {
  const headings = text.replaceAll(/^```[\s\S]*?^```$/gmu, '').matchAll(/^#+ (.+)$/gmu);
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
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
