// Owns how a terminal shows what of a server's tools is not as it was agreed to. The text is the server's: every character
// of it is made visible, also those that a terminal shows nobody and a model reads all the same.
import type { MemberDifference, ToolDifference } from '../compose.ts';
import { difference } from './difference.ts';

/** As long as lines of `difference` may be, in characters. */
const lineLength = 96;
/** Of one tool. */
const mostLines = 400;

export function differenceLines(differences: readonly ToolDifference[]): readonly string[] {
  return differences.flatMap((each) => ['', ...toolLines(each)]);
}

function toolLines({ tool, kind, members }: ToolDifference): readonly string[] {
  const lines = members.flatMap(memberLines);
  const shown = lines.slice(0, mostLines);
  const left = lines.length - shown.length;
  const head = `${visible(tool)} ${kind === 'new' ? 'is new:' : 'has changed:'}`;
  return [head, ...shown, ...(left > 0 ? [`  … ${left} more lines`] : [])];
}

function memberLines({ name, before, after }: MemberDifference): readonly string[] {
  return [`  ${visible(name)}:`, ...difference(shownText(before), shownText(after)).map((line) => `  ${line}`)];
}

/** In lines that are short enough to be shown whole. */
export function shownText(value: unknown): string {
  if (value === undefined) return '';
  return textOf(value)
    .split('\n')
    .flatMap((line) => pieces(visible(line)))
    .join('\n');
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(inOrder(value), null, 2);
  } catch {
    return '(nested too deep to be shown)';
  }
}

/** Members in order, so that only what differs is shown to differ. @throws RangeError where it is nested too deep */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, inOrder(member)]));
}

function pieces(line: string): readonly string[] {
  const found = line.match(new RegExp(`.{1,${lineLength}}`, 'gsu'));
  return found ?? [''];
}

/** Controls, and characters without a shape: directions of writing, tags, blanks of no width. */
function visible(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
