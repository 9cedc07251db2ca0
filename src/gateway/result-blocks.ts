// Owns what a block of content holds: text, which can be cut; data, which is never looked at; and the frame around them. Pure.
import { isRecord, type Members, membersOf } from '../lib/members.ts';

/** What may be the data of a kind of content that nobody knows yet is not counted. Bytes of JSON. */
const mostOfUnknown = 200;
/** Members that hold binary content, by the type of the block. */
const dataMembers: Readonly<Record<string, string>> = { image: 'data', audio: 'data' };

export function blocksOf({ content }: Members): readonly Members[] {
  return Array.isArray(content) ? content : [];
}

/** Text blocks and embedded text resources have text. */
export function textOf(block: unknown): string | undefined {
  const { type, resource, text } = membersOf(block);
  const found = type === 'resource' ? membersOf(resource)['text'] : type === 'text' ? text : undefined;
  return typeof found === 'string' ? found : undefined;
}

/** The block with a piece of its text, its other members as they are. */
export function withText(block: Members, text: string): Members {
  if (block['type'] !== 'resource') return { ...block, text };
  return { ...block, resource: { ...membersOf(block['resource']), text } };
}

/** The JSON of a block, without its text or data. */
export function frameOf(block: Members): string {
  if (!isRecord(block)) return JSON.stringify(block) ?? '';
  const { type, resource } = block;
  if (textOf(block) !== undefined) return JSON.stringify(withText(block, ''));
  if (type === 'resource' && isRecord(resource))
    return JSON.stringify({ ...block, resource: { ...resource, blob: '' } });
  const member = dataMembers[String(type)];
  if (member !== undefined) return JSON.stringify({ ...block, [member]: '' });
  const json = JSON.stringify(block);
  return type === 'resource_link' ? json : json.slice(0, mostOfUnknown);
}
