// Stands in for the optional package @napi-rs/keyring: `node --import <this file> …`. Keeps its entries in the file that
// PORTICO_TEST_KEYRING names, and notes there that it was loaded; `locked` in that file refuses everything.
import { readFileSync, writeFileSync } from 'node:fs';
import { register } from 'node:module';
import { env } from 'node:process';
import { isMainThread } from 'node:worker_threads';

const packageName = '@napi-rs/keyring';
const asPackage = `${import.meta.url}?package`;

// Node runs this file in the program, where it registers itself, and as the loader; the third time it is the package.
if (isMainThread && !import.meta.url.endsWith('?package')) register(import.meta.url);

/** @type {import('node:module').ResolveHook} */
export async function resolve(specifier, context, nextResolve) {
  if (specifier !== packageName) return await nextResolve(specifier, context);
  return { url: asPackage, format: 'module', shortCircuit: true };
}

const file = env.PORTICO_TEST_KEYRING ?? '';
const load = () => JSON.parse(readFileSync(file, 'utf8'));
/** @param {object} change */
const save = (change) => writeFileSync(file, JSON.stringify({ ...load(), ...change }));
if (import.meta.url.endsWith('?package')) save({ loaded: true });

export class AsyncEntry {
  /** @param {string} service @param {string} account @param {{ linux?: { store?: string } }} [options] */
  constructor(service, account, options) {
    if (options?.linux?.store !== 'secret-service') throw new Error('would take the keyring of the kernel');
    this.name = `${service}/${account}`;
  }

  async getPassword() {
    const entries = load();
    if (entries.locked) throw new Error('the keychain is locked');
    return entries[this.name] ?? null;
  }

  /** @param {string} text */
  async setPassword(text) {
    save({ [this.name]: text });
  }
}
