// Holds the floor plan of docs/architecture.md against the imports of src/.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', 'src');

interface Import {
  readonly from: string;
  /** A path in src/, or a package name. */
  readonly to: string;
  readonly isPackage: boolean;
}

/** Level of each room, and whether its neighbours on the same level are closed to it. */
const levels: Readonly<Record<string, { readonly level: number; readonly closed?: true }>> = {
  'errors.ts': { level: 0 },
  lib: { level: 0 },
  wire: { level: 0 },
  config: { level: 1 },
  'log.ts': { level: 1 },
  'paths.ts': { level: 1 },
  'settings.ts': { level: 1 },
  'read-config.ts': { level: 1 },
  policy: { level: 2, closed: true },
  audit: { level: 2, closed: true },
  auth: { level: 2, closed: true },
  downstream: { level: 2, closed: true },
  hosts: { level: 2, closed: true },
  gateway: { level: 3 },
  upstream: { level: 4 },
  'downstream-wiring.ts': { level: 5 },
  'login-wiring.ts': { level: 5 },
  'archive-wiring.ts': { level: 5 },
  'client-metadata-wiring.ts': { level: 5 },
  'doctor-trace-wiring.ts': { level: 5 },
  'doctor-trial-wiring.ts': { level: 5 },
  'doctor-wiring.ts': { level: 5 },
  'input-wiring.ts': { level: 5 },
  'gateway-record.ts': { level: 1 },
  'gateway-record-wiring.ts': { level: 5 },
  'status-wiring.ts': { level: 5 },
  'reload-wiring.ts': { level: 5 },
  'token-store-wiring.ts': { level: 5 },
  'pinning-wiring.ts': { level: 5 },
  'trust-wiring.ts': { level: 5 },
  'compose.ts': { level: 5 },
  cli: { level: 6 },
  'main.ts': { level: 6 },
};

/** Rooms that may use less than everything below them. */
const allowed: Readonly<Record<string, (target: string) => boolean>> = {
  upstream: (target) => levels[target]?.level === 0 || target === 'gateway',
  'compose.ts': (target) => (levels[target]?.level ?? 9) <= 3 || target.endsWith('-wiring.ts'),
  // `hosts` needs no wiring: it stands beside the gateway, and no part of it.
  cli: (target) => [0, 1, 4, 5].includes(levels[target]?.level ?? 9) || target === 'hosts',
  'main.ts': (target) => target === 'cli',
};

const confined: Readonly<Record<string, readonly string[]>> = {
  'write-file-atomic': ['lib'],
  'proper-lockfile': ['lib'],
  undici: ['lib'],
  zod: ['config'],
  'jsonc-parser': ['config'],
  minisearch: ['gateway'],
  pino: ['log.ts'],
  'env-paths': ['paths.ts'],
  oauth4webapi: ['auth'],
  jose: ['auth'],
  '@napi-rs/keyring': ['auth'],
  open: ['auth'],
  '@modelcontextprotocol/client': ['downstream'],
  commander: ['cli'],
  '@clack/prompts': ['cli'],
  'smol-toml': ['hosts'],
};

const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.replaceAll('\\', '/'));
const imports = files.flatMap(importsOf);

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  const found = text.matchAll(/(?:\bfrom\s+|\bimport\(|^import\s+|createRequire\([^)]*\)\()'([^'$]+)'/gmu);
  return [...found].flatMap(([, target = '']): Import[] => {
    if (target.startsWith('node:')) return [];
    if (!target.startsWith('.')) {
      const parts = target.split('/');
      return [
        { from: file, to: target.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? ''), isPackage: true },
      ];
    }
    return [{ from: file, to: posix.normalize(posix.join(dirname(file), target)), isPackage: false }];
  });
}

function roomOf(file: string): string {
  return file.split('/')[0] ?? file;
}

function isWrongWay({ from, to }: Import): boolean {
  const [source, target] = [roomOf(from), roomOf(to)];
  if (source === target) return false;
  const [own, other] = [levels[source], levels[target]];
  if (!own || !other) return true;
  const rule = allowed[source];
  if (rule) return !rule(target);
  return other.level > own.level || (other.level === own.level && own.closed === true);
}

describe('the floor plan', () => {
  it('has a level for every room', () => {
    expect(files.map(roomOf).filter((room) => !levels[room])).toEqual([]);
  });

  it('imports only downwards; code that needs a room above it belongs in that room, or in compose.ts', () => {
    const wrong = imports.filter((entry) => !entry.isPackage && isWrongWay(entry));
    expect(wrong.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  it('keeps each package in its room; code that needs the package belongs there', () => {
    const wrong = imports.filter(
      ({ isPackage, from, to }) => isPackage && !(confined[to] ?? []).includes(roomOf(from)),
    );
    expect(wrong.map(({ from, to }) => `${from} imports ${to}, confined to ${confined[to]?.join(', ')}`)).toEqual([]);
  });

  it('has no import cycles, not even of types', () => {
    const edges = new Map<string, string[]>();
    for (const { from, to, isPackage } of imports) if (!isPackage) edges.set(from, [...(edges.get(from) ?? []), to]);
    expect(findCycle(edges)).toBeUndefined();
  });

  it('reads the process in main.ts alone', () => {
    const readers = files.filter((file) =>
      /\bprocess\.(env|argv|cwd|stdin|stdout|stderr|exit|on|once|ppid)\b/u.test(readFileSync(join(root, file), 'utf8')),
    );
    expect(readers).toEqual(['main.ts']);
  });

  it('keeps every file under 300 lines, and begins it with what it owns', () => {
    const texts = files.map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }));
    expect(texts.filter(({ text }) => text.split('\n').length > 300).map(({ file }) => file)).toEqual([]);
    expect(texts.filter(({ text }) => !/^(#!.*\n)?\/\/ /u.test(text)).map(({ file }) => file)).toEqual([]);
  });
});

function findCycle(edges: ReadonlyMap<string, readonly string[]>): string | undefined {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file].join(' → ');
    if (done.has(file)) return undefined;
    for (const target of edges.get(file) ?? []) {
      const cycle = visit(target, [...path, file]);
      if (cycle) return cycle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of edges.keys()) {
    const cycle = visit(file, []);
    if (cycle) return cycle;
  }
  return undefined;
}
