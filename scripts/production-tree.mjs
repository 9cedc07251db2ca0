// Owns the tree of an installed Portico without its development: dist, package.json and the packages that the lockfile
// needs at run time, copied from what is installed here, without types, maps, texts and tests. Knows nothing of what is
// made of it.
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';

/** What no running program reads. Licences stay, whatever they are called. */
const unread = /\.(?:map|[cm]?ts)$|^(?:readme|changelog|history|contributing|security)\b.*\.(?:md|markdown)$/i;
/** Folders at the top of a package. */
const neverNeeded = /^(?:tests?|__tests__|bench|benchmarks?|examples?|docs?|\..+)$/;

/**
 * The folders of node_modules that run time needs, by the lockfile. Pure.
 * @param {{ packages: Record<string, object> }} lock
 */
export function productionPackages({ packages }) {
  const needed = Object.entries(packages).filter(
    ([path, { dev, devOptional, optional, peer }]) => path !== '' && !(dev || devOptional || optional || peer),
  );
  const bound = needed.filter(([, { hasInstallScript, os, cpu }]) => hasInstallScript || os || cpu);
  if (bound.length > 0) {
    // One tree serves every system, and apps run it in a process that loads no native code of others.
    throw new Error(`bound to a system, or built when installed: ${bound.map(([path]) => path).join(', ')}`);
  }
  return needed.map(([path, { version }]) => ({ path, version }));
}

/**
 * @param {string} root of the project; its node_modules may be a link
 * @param {string} target an empty folder
 * @returns {number} how many packages
 */
export function copyProductionTree(root, target) {
  const needed = productionPackages(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));
  for (const { path, version } of needed) {
    const from = join(root, path);
    const installed = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8')).version;
    if (installed !== version)
      throw new Error(`${path} is installed as ${installed}, and locked as ${version}: npm ci`);
    mkdirSync(dirname(join(target, path)), { recursive: true });
    const isWanted = (file) => {
      const [top = '', ...below] = relative(from, file).split(sep);
      // Packages inside of this one have entries of their own.
      if (top === 'node_modules') return false;
      return !unread.test(basename(file)) && (below.length > 0 || !neverNeeded.test(top));
    };
    cpSync(from, join(target, path), { recursive: true, filter: isWanted });
  }
  for (const name of ['dist', 'package.json', 'LICENSE'])
    cpSync(join(root, name), join(target, name), { recursive: true });
  return needed.length;
}
