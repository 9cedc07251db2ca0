// Owns how a sentence is broken into lines of a terminal of 80 columns.

export const terminalWidth = 80;

/**
 * Broken at blanks; a word that is longer than a line, such as a URL, stays whole, so that it can be copied. The lines of
 * the text stay lines.
 */
export function wrapped(text: string, first: string, rest: string): readonly string[] {
  return text.split('\n').flatMap((line, index) => wrappedLine(line, index === 0 ? first : rest, rest));
}

function wrappedLine(text: string, first: string, rest: string): readonly string[] {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.split(' ')) {
    if (!isEmpty && line.length + 1 + word.length > terminalWidth) {
      lines.push(line);
      line = rest;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line.trimEnd()];
}
