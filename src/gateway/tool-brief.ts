// Owns the short forms of a tool definition: first sentences and one-line signatures; cuts descriptions, never schemas.
import type { ToolDefinition } from '../downstream/tool-pages.ts';
import { recordOf } from '../lib/members.ts';

export interface BriefTool {
  readonly name: string;
  readonly description?: string;
  /** The parameters in one line, as TypeScript would write them. */
  readonly parameters: string;
}

/** Longest first sentence that is shown, in characters. */
const maxSentence = 100;
const maxUnionMembers = 4;
/** A value that a parameter may have, and all parameters together, in characters. */
const maxValue = 100;
const maxSignature = 4000;

export function briefTool(tool: ToolDefinition): BriefTool {
  const description = tool['description'];
  return {
    name: tool.name,
    ...(typeof description === 'string' && { description: firstSentence(description) }),
    parameters: signature(tool['inputSchema']),
  };
}

/** The text up to its first full stop or line break, at most `limit` characters. */
export function firstSentence(text: string, limit = maxSentence): string {
  const [line = ''] = text.trim().split(/\r?\n/u, 1);
  const [sentence = line] = line.split(/(?<=[.!?。])\s/u, 1);
  return sentence.length <= limit ? sentence : `${sentence.slice(0, limit - 1).trimEnd()}…`;
}

/** A copy whose descriptions, down to those of the parameters, are first sentences; the schema itself is whole. */
export function withShortDescriptions(tool: ToolDefinition): ToolDefinition {
  return shorten(tool) as ToolDefinition;
}

function shorten(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shorten);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      key === 'description' && typeof member === 'string' ? firstSentence(member) : shorten(member),
    ]),
  );
}

function signature(schema: unknown): string {
  const properties = recordOf(recordOf(schema)['properties']);
  const required = recordOf(schema)['required'];
  const needed = new Set(Array.isArray(required) ? required : []);
  const members = Object.entries(properties).map(
    ([name, property]) => `${name}${needed.has(name) ? '' : '?'}: ${typeName(property)}`,
  );
  return cut(`(${members.join(', ')})`, maxSignature);
}

function typeName(schema: unknown): string {
  const { type, enum: values, const: constant, items, anyOf, oneOf, properties } = recordOf(schema);
  if (constant !== undefined) return valueText(constant);
  if (Array.isArray(values)) return union(values.slice(0, maxUnionMembers + 1).map(valueText));
  const choices = anyOf ?? oneOf;
  if (Array.isArray(choices)) return union([...new Set(choices.map(typeName))]);
  if (Array.isArray(type)) return union(type.map((each) => (typeof each === 'string' ? each : 'any')));
  if (type === 'array') return items === undefined ? 'array' : `${bracketed(typeName(items))}[]`;
  if (typeof type === 'string') return type;
  return properties === undefined ? 'any' : 'object';
}

function valueText(value: unknown): string {
  return cut(JSON.stringify(value), maxValue);
}

function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;
}

function union(members: readonly string[]): string {
  const shown = members.slice(0, maxUnionMembers).join('|');
  return members.length > maxUnionMembers ? `${shown}|…` : shown;
}

function bracketed(name: string): string {
  return name.includes('|') ? `(${name})` : name;
}
