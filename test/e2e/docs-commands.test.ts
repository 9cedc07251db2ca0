// Holds the documentation against the program: every command of a page is executed, and shows what the page shows.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { blocksOf, commandsOf, type DocsCommand } from '../helpers/docs-page.ts';
import { isRunnable, runDocsCommand } from '../helpers/docs-shell.ts';
import { root } from '../helpers/programs.ts';
import { Stage } from '../helpers/stage.ts';
import { notExecuted } from './docs/not-executed.ts';
import { createHuman, type Scene } from './docs/scene.ts';
import { scenes } from './docs/scenes.ts';

const stage = new Stage();
afterEach(() => stage.close());

const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => `docs/${name}`),
];
const textOf = (page: string): string => readFileSync(join(root, page), 'utf8');

const commands = pages.flatMap((page) => commandsOf(page, textOf(page)));
const excuseOf = ({ text }: DocsCommand) => notExecuted.find(({ begins }) => text.startsWith(begins));
const executed = commands.filter((command) => !excuseOf(command));

/** The scene of the heading, else that of the page. */
const sceneOf = ({ page, anchor }: DocsCommand): string => {
  const own = `${page}#${anchor}`;
  return Object.hasOwn(scenes, own) ? own : page;
};

describe('the documentation', () => {
  test('has no command that is neither executed nor excused', () => {
    expect(commands.length).toBeGreaterThan(40);
    const left = executed.filter((command) => !isRunnable(command.text) || !Object.hasOwn(scenes, sceneOf(command)));
    // A scene goes into test/e2e/docs/scenes.ts; what cannot be executed at all into not-executed.ts, with the reason.
    expect(left.map(({ page, line, text }) => `${page}:${line}: ${text}`)).toEqual([]);
  });

  test('needs every excuse and every scene that there is', () => {
    const unusedExcuses = notExecuted.filter((excuse) => !commands.some((command) => excuseOf(command) === excuse));
    expect(unusedExcuses).toEqual([]);
    const used = new Set(commands.map(sceneOf));
    expect(Object.keys(scenes).filter((scene) => !used.has(scene))).toEqual([]);
  });

  test('writes commands in blocks that say so', () => {
    const languages = [
      'sh',
      'console',
      'json',
      'jsonc',
      'toml',
      'yaml',
      'text',
      'dockerfile',
      'diff',
      'ini',
      'markdown',
    ];
    const wrong = pages.flatMap((page) =>
      blocksOf(textOf(page))
        .filter(({ language }) => language !== 'sh' && language !== 'console')
        .filter(
          ({ language, lines }) => !languages.includes(language) || lines.some((line) => /^(\$ )?portico /u.test(line)),
        )
        .map(({ line, language }) => `${page}:${line}: \`\`\`${language}`),
    );
    expect(wrong).toEqual([]);
  });
});

/** Line breaks and columns are left to the width of the names. */
const flat = (text: string): string => text.replaceAll(/\s+/gu, ' ').trim();

/** `…` stands for anything. */
function matches(shown: string, output: string): boolean {
  const parts = flat(shown).split(/ ?… ?/u);
  const pattern = parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/gu, '\\$&')).join('[^]*');
  return new RegExp(`^${pattern}$`, 'u').test(flat(output));
}

async function execute(command: DocsCommand, scene: Scene): Promise<void> {
  const { page, line, text, shown } = command;
  await scene.before?.[text]?.();
  const { home, elsewhere, shownAs = {}, placeholders = {} } = scene;
  const filled = text.replaceAll(/\b[A-Z]{3,}\b/gu, (word) => placeholders[word] ?? word);
  const human = createHuman(scene.humans?.[text]);
  const { code, output } = await runDocsCommand(filled, { home, elsewhere, human });
  const place = `${page}:${line}: ${text}`;
  expect([place, code, code === (scene.exitCodes?.[text] ?? 0) ? '' : output]).toEqual([
    place,
    scene.exitCodes?.[text] ?? 0,
    '',
  ]);
  if (shown === undefined) return;
  const replaced = Object.entries({ ...shownAs, [home.directory]: '/home/you' });
  const written = replaced.reduce((all, [actual, name]) => all.replaceAll(actual, name), output);
  if (!matches(shown, written)) expect(`${place}\n${written}`).toBe(`${place}\n${shown}`);
}

/** Many commands, some of which derive keys from passphrases. */
const manyCommandsMs = 120_000;

describe('every command of', { timeout: manyCommandsMs }, () => {
  test.each([...new Set(executed.map(sceneOf))])('%s does what the page says', async (name) => {
    const create = scenes[name];
    if (create === undefined) throw new Error('there is no scene for it in test/e2e/docs/scenes.ts');
    const scene = await create(stage);
    for (const command of executed) if (sceneOf(command) === name) await execute(command, scene);
  });
});
