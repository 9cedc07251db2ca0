// Owns the fingerprint of a tool: a hash over all of its definition, whatever order its members come in. Pure.
import { createHash } from 'node:crypto';

/** Lists whose order says nothing (JSON Schema, 6.1 and 6.5.3): some servers make them from sets, anew at every start. */
const unordered: readonly string[] = ['type', 'enum', 'required'];

/** Every member counts: whatever stands in a definition, an agent or a host reads it. SHA-256, hexadecimal. */
export function fingerprint(definition: unknown): string {
  return createHash('sha256').update(canonicalText(definition)).digest('hex');
}

type Part = { readonly text: string } | { readonly value: unknown; readonly key?: string };

/** JSON with the members in order at every depth. Any depth: a definition that is nested too deep is no way around it. */
export function canonicalText(value: unknown): string {
  let text = '';
  const left: Part[] = [{ value }];
  for (let part = left.pop(); part !== undefined; part = left.pop()) {
    if ('text' in part) text += part.text;
    else if (typeof part.value !== 'object' || part.value === null) text += JSON.stringify(part.value) ?? 'null';
    else for (const inner of partsOf(part.value, part.key).reverse()) left.push(inner);
  }
  return text;
}

function partsOf(value: object, key: string | undefined): Part[] {
  if (Array.isArray(value)) {
    const members = key !== undefined && unordered.includes(key) ? sorted(value) : value;
    return [{ text: '[' }, ...members.flatMap((member) => [{ value: member }, { text: ',' }]), { text: ']' }];
  }
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  const parts = members.flatMap(([name, member]) => [
    { text: `${JSON.stringify(name)}:` },
    { value: member, key: name },
    { text: ',' },
  ]);
  return [{ text: '{' }, ...parts, { text: '}' }];
}

/** Only plain values are put in order. */
function sorted(values: readonly unknown[]): readonly unknown[] {
  if (values.some((value) => typeof value === 'object' && value !== null)) return values;
  return values
    .map((value) => ({ value, text: JSON.stringify(value) }))
    .sort((one, other) => (one.text < other.text ? -1 : 1))
    .map(({ value }) => value);
}
