// Owns the servers in a host's config that is TOML, one table each; knows no host.
import { parse, stringify, TomlError } from 'smol-toml';
import { ConfigError } from '../config/config-error.ts';
import { isObject } from '../config/value-checks.ts';
import { GatewayError } from '../errors.ts';
import type { ServerText } from './server-text.ts';
import { type TomlSection, tomlSections } from './toml-sections.ts';

export function createTomlServerText(file: string, key: string): ServerText {
  const parsed = (text: string): Readonly<Record<string, unknown>> => {
    try {
      return parse(text, { integersAsBigInt: 'asNeeded' });
    } catch (error) {
      if (error instanceof TomlError) throw unreadable(file, error);
      throw error;
    }
  };
  const append = (text: string, block: string): string => {
    const after = appended(text, block);
    try {
      parse(after);
    } catch (error) {
      if (!(error instanceof TomlError)) throw error;
      throw new GatewayError('CONFIG_INVALID', `${file} has "${key}" as one value, which cannot be added to`, {
        hint: `Write it as tables, [${key}.name], and try again. The file was left alone.`,
        cause: error,
      });
    }
    return after;
  };
  const remove = (text: string, name: string): { text: string; removed: string } | undefined => {
    const own = tomlSections(text).filter((section) => isOf(section, key, name));
    return own.length === 0 ? undefined : without(text, own);
  };
  const add = (text: string, name: string, value: object): string => append(text, blockOf(key, name, value));
  return {
    parse: parsed,
    read(text) {
      const servers = parsed(text)[key];
      if (servers === undefined) return {};
      if (isObject(servers)) return servers;
      throw new GatewayError('CONFIG_INVALID', `${file}: "${key}" is no table`, { hint: 'The file was left alone.' });
    },
    add,
    addBack: (text, _name, removed) => append(text, removed),
    remove,
    replace: (text, name, value) => add(remove(text, name)?.text ?? text, name, value),
    // A table without members needs no line of its own.
    withoutEmptyContainer: (text) => text,
  };
}

function isOf({ path }: TomlSection, key: string, name: string): boolean {
  return path[0] === key && path[1] === name;
}

function blockOf(key: string, name: string, value: object): string {
  return stringify({ [key]: { [name]: value } }).replace(/\n*$/, '\n');
}

function eolOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

/** Behind everything else, with a blank line between. */
function appended(text: string, block: string): string {
  const eol = eolOf(text);
  const lines = block.includes('\r\n') ? block : block.replaceAll('\n', eol);
  if (text === '') return lines;
  const gap = !text.endsWith('\n') ? eol + eol : /\n\r?\n$/.test(text) ? '' : eol;
  return text + gap + lines;
}

/** The tables taken out, each with the one blank line before it. */
function without(text: string, sections: readonly TomlSection[]): { text: string; removed: string } {
  let rest = text;
  for (const { start, end } of [...sections].reverse()) {
    const blank = /(?:^|\n)(\r?\n)$/.exec(rest.slice(0, start))?.[1]?.length ?? 0;
    const isFollowed = rest.slice(end).trim() !== '' && !/^\r?\n/.test(rest.slice(end));
    rest = rest.slice(0, start - (isFollowed ? 0 : blank)) + rest.slice(end);
  }
  return { text: rest, removed: sections.map(({ start, end }) => withLineEnd(text.slice(start, end), text)).join('') };
}

function withLineEnd(block: string, text: string): string {
  return block.endsWith('\n') ? block : block + eolOf(text);
}

function unreadable(file: string, { line, column, message }: TomlError): ConfigError {
  const [what = ''] = message.replace(/^Invalid TOML document: /, '').split('\n');
  return new ConfigError([
    {
      severity: 'error',
      file,
      line,
      column,
      pointer: '',
      message: `is no valid TOML: ${what}`,
      hint: 'the file was left alone',
    },
  ]);
}
