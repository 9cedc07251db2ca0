// Owns how Windows reads a command line, as far as our tests need it: cmd.exe at its prompt and in a batch file, and the
// C runtime of the program at the end. Written from the rules, and not from the code that quotes.

type Variables = Readonly<Record<string, string>>;

/** What cmd.exe would do besides starting one program. */
export class Injection extends Error {}

/** `cmd.exe /q /d /e:on /v:off /s /c "…"`: the line that is left to run. */
export function lineOfCmd(args: readonly string[]): string {
  const [last = '', ...switches] = [...args].reverse();
  if (switches.reverse().join(' ') !== '/q /d /e:on /v:off /s /c') throw new Error(`switches: ${switches.join(' ')}`);
  if (!last.startsWith('"') || !last.endsWith('"')) throw new Error('no outer quotes');
  return last.slice(1, -1);
}

/** Expansion of `%NAME%` and `%NAME:~start,length%` as it is done for a line that is typed, not for a batch file. */
export function expandAtPrompt(line: string, variables: Variables): string {
  let out = '';
  let at = 0;
  while (at < line.length) {
    const end = line[at] === '%' ? line.indexOf('%', at + 1) : -1;
    const value = end === -1 ? undefined : expansionOf(line.slice(at + 1, end), variables);
    if (value === undefined) out += line[at++];
    else {
      out += value;
      at = end + 1;
    }
  }
  return out;
}

function expansionOf(reference: string, variables: Variables): string | undefined {
  const [, name = '', start, length] = /^([^:]*)(?::~(-?\d*)(?:,(-?\d*))?)?$/.exec(reference) ?? [];
  const found = Object.keys(variables).find((each) => each.toLowerCase() === name.toLowerCase());
  const value = found === undefined ? undefined : variables[found];
  if (value === undefined || start === undefined) return value;
  return value.substr(Number(start), length === undefined ? undefined : Number(length));
}

/** Quotes and carets are read: the words as they are after it, or an Injection where an operator is left. */
export function parseCommand(line: string): { readonly program: string; readonly rest: string } {
  let out = '';
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    const character = line[at] as string;
    if (character === '\n' || character === '\0') throw new Injection(`the line ends at ${at}: ${line}`);
    // Carriage returns are dropped before anything is read.
    if (character === '\r') continue;
    if (character === '"') quoted = !quoted;
    else if (!quoted && '&|<>()'.includes(character)) throw new Injection(`${character} at ${at}: ${line}`);
    else if (!quoted && character === '^') {
      at++;
      out += line[at] ?? '';
      continue;
    }
    out += character;
  }
  const program = /^\s*("[^"]*"|\S+)/.exec(out)?.[0] ?? '';
  return { program: program.trim(), rest: out.slice(program.length) };
}

/** A line of a batch file, with `%*` or `%1` to `%9`: what they stand for is not expanded again. */
export function runBatchLine(template: string, rest: string): string {
  const words = batchWords(rest);
  const line = template.replaceAll(/%(?:(\*)|(~)?([1-9]))/g, (_, all, strip, number) => {
    if (all) return rest.trimStart();
    const word = words[Number(number) - 1] ?? '';
    return strip ? word.replace(/^"(.*)"$/s, '$1') : word;
  });
  return parseCommand(line).rest;
}

/** Arguments of a batch file are divided by spaces, commas, semicolons and equal signs outside of quotes. */
function batchWords(text: string): string[] {
  return text.match(/(?:"[^"]*(?:"|$)|[^\s,;="])+/g) ?? [];
}

/** What `main` of a C program gets after its name (Universal CRT, and every runtime since 2008). */
export function argvOf(text: string): string[] {
  const argv: string[] = [];
  let at = 0;
  while (at < text.length) {
    while (text[at] === ' ' || text[at] === '\t') at++;
    if (at >= text.length) break;
    let word = '';
    let quoted = false;
    while (at < text.length && (quoted || (text[at] !== ' ' && text[at] !== '\t'))) {
      let slashes = 0;
      while (text[at] === '\\') {
        slashes++;
        at++;
      }
      if (text[at] !== '"') {
        word += '\\'.repeat(slashes);
        if (slashes > 0) continue;
        word += text[at++];
        continue;
      }
      word += '\\'.repeat(slashes >> 1);
      at++;
      if (slashes % 2 === 1) word += '"';
      else if (quoted && text[at] === '"') {
        word += '"';
        at++;
      } else quoted = !quoted;
    }
    argv.push(word);
  }
  return argv;
}
