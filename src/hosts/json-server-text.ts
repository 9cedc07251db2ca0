// Owns the servers in a host's config that is JSON, with or without comments; knows no host.
import { ConfigError } from '../config/config-error.ts';
import { addMember, memberText, removeMember, replaceMember } from '../config/edit-json.ts';
import { type JsonDocument, type JsonPath, parseJsonDocument } from '../config/json-document.ts';
import { isObject } from '../config/value-checks.ts';
import type { ServerText } from './server-text.ts';

export function createJsonServerText(file: string, key: string): ServerText {
  const document = (text: string): JsonDocument | undefined =>
    text.trim() === '' ? undefined : parseJsonDocument(file, text);
  const read = (text: string): Readonly<Record<string, unknown>> => {
    const parsed = document(text);
    if (!parsed) return {};
    const root = requireObject(parsed, [], parsed.value);
    const [twice] = parsed.duplicates.filter((path) => path[0] === key && path.length <= 2);
    if (twice) throw refusal(parsed, twice, `"${twice.at(-1)}" stands there twice`, 'keep one of them');
    return root[key] === undefined ? {} : requireObject(parsed, [key], root[key]);
  };
  return {
    read,
    parse: (text) => document(text)?.value ?? {},
    add: (text, name, value) => addMember(text, [key, name], { kind: 'value', value }),
    addBack: (text, name, removed) => addMember(text, [key, name], { kind: 'text', text: removed }),
    replace: (text, name, value) => replaceMember(text, [key, name], value) ?? text,
    remove(text, name) {
      const removed = memberText(text, [key, name]);
      const without = removeMember(text, [key, name]);
      return removed === undefined || without === undefined ? undefined : { text: without, removed };
    },
    withoutEmptyContainer(text) {
      const container = memberText(text, [key]);
      const isEmpty = container !== undefined && /:\s*\{\s*\}$/.test(container);
      return isEmpty ? (removeMember(text, [key]) ?? text) : text;
    },
  };
}

function requireObject(document: JsonDocument, path: JsonPath, value: unknown): Readonly<Record<string, unknown>> {
  if (isObject(value)) return value;
  throw refusal(document, path, 'an object is expected here', 'the file was left alone');
}

function refusal(document: JsonDocument, path: JsonPath, message: string, hint: string): ConfigError {
  return new ConfigError([{ severity: 'error', file: document.file, ...document.place(path), message, hint }]);
}
