// Owns reading the commands out of a page of the documentation; knows nothing of running them.

export interface DocsCommand {
  /** Such as `docs/rules.md`. */
  readonly page: string;
  /** Of the heading it stands under, as GitHub names it. */
  readonly anchor: string;
  readonly line: number;
  /** In one line, without comments. */
  readonly text: string;
  /** What the page shows of its output; undefined in a block of commands alone. */
  readonly shown: string | undefined;
}

export interface DocsBlock {
  readonly anchor: string;
  readonly line: number;
  readonly language: string;
  readonly lines: readonly string[];
}

export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');
}

export function blocksOf(markdown: string): DocsBlock[] {
  const blocks: DocsBlock[] = [];
  let anchor = '';
  let open: { readonly indent: number; readonly block: DocsBlock & { readonly lines: string[] } } | undefined;
  for (const [index, text] of markdown.split('\n').entries()) {
    const fence = /^( *)```(\w*)\s*$/u.exec(text);
    if (open !== undefined) {
      if (fence) {
        blocks.push(open.block);
        open = undefined;
      } else {
        open.block.lines.push(text.slice(open.indent));
      }
      continue;
    }
    const [, heading] = /^#+ (.+)$/u.exec(text) ?? [];
    if (heading !== undefined) anchor = anchorOf(heading);
    if (!fence) continue;
    const [, indent = '', language = ''] = fence;
    open = { indent: indent.length, block: { anchor, line: index + 2, language, lines: [] } };
  }
  return blocks;
}

/** Those of the `sh` blocks, and of the `console` blocks, where `$` begins a command and its output follows. */
export function commandsOf(page: string, markdown: string): DocsCommand[] {
  return blocksOf(markdown).flatMap((block) => {
    if (block.language !== 'sh' && block.language !== 'console') return [];
    return block.language === 'sh' ? plainCommands(page, block) : shownCommands(page, block);
  });
}

function plainCommands(page: string, { anchor, line, lines }: DocsBlock): DocsCommand[] {
  return joined(lines, line).flatMap((found) => {
    const text = withoutComment(found.text);
    return text === '' ? [] : [{ page, anchor, line: found.line, text, shown: undefined }];
  });
}

function shownCommands(page: string, { anchor, line, lines }: DocsBlock): DocsCommand[] {
  const commands: DocsCommand[] = [];
  for (const found of joined(lines, line)) {
    const last = commands.at(-1);
    if (found.text.startsWith('$ ')) {
      commands.push({ page, anchor, line: found.line, text: withoutComment(found.text.slice(2)), shown: '' });
    } else if (last === undefined) {
      throw new Error(`${page}:${found.line}: output without its command ("$ portico …"); write it as text`);
    } else {
      commands[commands.length - 1] = { ...last, shown: `${last.shown}${found.text}\n` };
    }
  }
  return commands;
}

/** A backslash at the end continues a line. */
function joined(lines: readonly string[], first: number): { line: number; text: string }[] {
  const found: { line: number; text: string }[] = [];
  let goesOn = false;
  for (const [index, text] of lines.entries()) {
    const last = found.at(-1);
    const part = text.replace(/\\$/u, '');
    if (goesOn && last !== undefined) last.text += part.trimStart();
    else found.push({ line: first + index, text: part });
    goesOn = text.endsWith('\\');
  }
  return found;
}

function withoutComment(text: string): string {
  let quote = '';
  for (const [index, letter] of [...text].entries()) {
    if (quote !== '') quote = letter === quote ? '' : quote;
    else if (letter === '"' || letter === "'") quote = letter;
    else if (letter === '#' && (index === 0 || text[index - 1] === ' ')) return text.slice(0, index).trim();
  }
  return text.trim();
}
