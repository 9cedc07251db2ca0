// Owns running our TypeScript in a child process of a test: `node --import <this file> …`. Types are stripped, not checked.
import { readFile } from 'node:fs/promises';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

// Node runs this file twice: once in the program, where it registers itself, and once as the loader, which alone needs
// the transformer.
if (isMainThread) register(import.meta.url);
const { transformSync } = isMainThread ? {} : await import('rolldown/utils');

/** @type {import('node:module').LoadHook} */
export async function load(url, context, nextLoad) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return await nextLoad(url, context);
  const file = fileURLToPath(url);
  const { code, errors } = transformSync(file, await readFile(file, 'utf8'), { tsconfig: false });
  if (errors.length > 0) throw errors[0];
  return { format: 'module', source: code, shortCircuit: true };
}
