// Owns the names under which tools of servers appear beside the gateway's own. Pure: a name depends on the server, the
// tool, and the names of the configured servers, never on which servers are up or in what order they come.
import { createHash } from 'node:crypto';

export interface ServerTool {
  readonly server: string;
  readonly tool: string;
}

/** Hosts put a prefix of their own before it, and model APIs take 64 characters or more. */
const longestName = 60;
const separator = '__';
/** Hex digits of the suffix; more, where that many were not enough to tell two tools apart. */
const digits = [8, 16, 32] as const;
const plainName = new RegExp(`^[A-Za-z0-9_-]{1,${longestName}}$`, 'u');

/**
 * Every tool and its name, in the order given; of a tool that is given twice, the first.
 * @param servers every server whose tools could be shown, with its tools or without
 */
export function nameTools<T extends ServerTool>(
  tools: readonly T[],
  servers: ReadonlySet<string>,
): ReadonlyMap<string, T> {
  const distinct = new Map<string, T>();
  for (const tool of tools) if (!distinct.has(keyOf(tool))) distinct.set(keyOf(tool), tool);
  let named = [...distinct.values()].map((tool) => firstName(tool, servers));
  for (const _round of digits) {
    const counts = new Map<string, number>();
    for (const { name } of named) counts.set(name, (counts.get(name) ?? 0) + 1);
    if (counts.size === named.length) break;
    // All of them change, so that none is preferred for having come first.
    named = named.map((each) => (counts.get(each.name) === 1 ? each : longer(each)));
  }
  return new Map(named.map(({ name, tool }) => [name, tool]));
}

/** How the names of a server's tools begin, whatever suffix they have. */
export function namePrefix(server: string): string {
  return cleaned(`${server}${separator}`).slice(0, longestName - digits[2] - 1);
}

interface Named<T> {
  readonly name: string;
  readonly tool: T;
  /** How many times the suffix has grown. */
  readonly level: number;
}

function firstName<T extends ServerTool>(tool: T, servers: ReadonlySet<string>): Named<T> {
  const name = `${tool.server}${separator}${tool.tool}`;
  const isPlain = plainName.test(name) && !isAmbiguous(name, tool.server, servers);
  return isPlain ? { name, tool, level: 0 } : longer({ name, tool, level: 0 });
}

function longer<T extends ServerTool>({ tool, level }: Named<T>): Named<T> {
  const length = digits[Math.min(level, digits.length - 1)] ?? digits[0];
  const hash = createHash('sha256').update(keyOf(tool)).digest('hex').slice(0, length);
  const head = cleaned(`${tool.server}${separator}${tool.tool}`).slice(0, longestName - length - 1);
  return { name: `${head}_${hash}`, tool, level: level + 1 };
}

/** Whether another server could have a tool of that name: `a__b` and `c`, `a` and `b__c`. */
function isAmbiguous(name: string, own: string, servers: ReadonlySet<string>): boolean {
  for (let at = name.indexOf(separator); at !== -1; at = name.indexOf(separator, at + 1)) {
    const server = name.slice(0, at);
    if (server !== own && servers.has(server)) return true;
  }
  return false;
}

function cleaned(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_-]/gu, '_');
}

function keyOf({ server, tool }: ServerTool): string {
  return JSON.stringify([server, tool]);
}
