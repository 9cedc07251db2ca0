// Owns the words of a tool that a search looks through: cut out of names and schemas. Knows nothing of ranking.
import type { ToolDefinition } from '../downstream/tool-pages.ts';
import { recordOf } from '../lib/members.ts';

/** The texts of one tool, by how much they say about it. */
export interface ToolTexts {
  readonly name: string;
  readonly description: string;
  /** The names of its parameters. */
  readonly parameters: string;
  /** What the schema says of them. */
  readonly details: string;
}

/** More of a text is not searched, in characters: a server must not fill the memory of the gateway. */
const longestText = 4000;
/** Schemas may be nested without end; what is further in says little about a tool. */
const mostSchemas = 300;

export function textsOf(tool: ToolDefinition): ToolTexts {
  const { title, description, inputSchema, annotations } = tool as Readonly<Record<string, unknown>>;
  const { names, details } = readSchema(inputSchema);
  const titles = [title, recordOf(annotations)['title']];
  // Written as one word the name is found as well.
  const joined = tool.name.replaceAll(/[^\p{L}\p{N}]/gu, '');
  return {
    name: bounded([tool.name, joined, ...titles]),
    description: bounded([description]),
    parameters: bounded(names),
    details: bounded(details),
  };
}

/**
 * The words of a text, in small letters: `searchIssues`, `search_issues` and `search-issues` are all `search` and
 * `issues`, and the first is one word too. Writing without spaces counts by the character.
 */
export function wordsOf(text: string): string[] {
  const chunks = text.match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  return chunks.flatMap((chunk) => {
    const parts =
      chunk.match(/\p{Script=Han}|\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}+|\p{N}+|[\p{Lo}\p{Lm}\p{Lt}\p{M}]+/gu) ?? [];
    const words = parts.length === 1 ? parts : [...parts, chunk];
    return words.map((word) => word.toLowerCase());
  });
}

/** Words that questions are made of and no tool is about. */
const fillers = new Set(
  'a an and are as at be by can could do does for from how i in is it me my of on or our please should some that the their there these this to was we were what when where which who will with would you your'.split(
    ' ',
  ),
);
/** More of a question is not looked for. */
const longestQuery = 500;
const mostQueryWords = 30;

/** The words of a question that are worth looking for: those of a sentence that has none are all kept. */
export function queryWordsOf(query: string): string[] {
  const words = wordsOf(query.slice(0, longestQuery));
  const telling = words.filter((word) => !fillers.has(word));
  return (telling.length > 0 ? telling : words).slice(0, mostQueryWords);
}

/** The outer parameters first; each schema is looked at once. */
function readSchema(inputSchema: unknown): { readonly names: readonly string[]; readonly details: readonly string[] } {
  const names: string[] = [];
  const details: string[] = [];
  const waiting: unknown[] = [inputSchema];
  for (let at = 0; at < waiting.length && at < mostSchemas; at++) {
    const { properties, items, anyOf, oneOf, allOf, description } = recordOf(waiting[at]);
    if (at > 0 && typeof description === 'string') details.push(description);
    for (const [name, property] of Object.entries(recordOf(properties)).slice(0, mostSchemas)) {
      names.push(name);
      waiting.push(property);
    }
    const inner = [items, anyOf, oneOf, allOf].flat().filter((schema) => schema !== undefined);
    waiting.push(...inner.slice(0, mostSchemas));
  }
  return { names, details };
}

function bounded(texts: readonly unknown[]): string {
  return texts
    .filter((text) => typeof text === 'string')
    .join(' ')
    .slice(0, longestText);
}
