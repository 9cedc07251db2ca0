// Owns two machines of which one has a login, for the tests in which it moves; and what must hold of it there.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { AuthorizationServer } from '../../fixtures/http/authorization-server.mjs';
import type { CommandResult } from './command-run.ts';
import type { Home } from './home.ts';
import type { Stage } from './stage.ts';

export const passphrase = 'canary correct horse battery';
const cheaply = new URL('cheap-derivation.mjs', import.meta.url).href;
export const passphraseEnv = { GATEWAY_EXPORT_PASSPHRASE: passphrase, NODE_OPTIONS: `--import ${cheaply}` };

/** A machine with a login, and one without. `cheap`: keys are derived from the passphrase with little work. */
export async function twoMachines(stage: Stage, { cheap = true }: { readonly cheap?: boolean } = {}) {
  const { as, server } = await stage.protectedPair();
  const servers = { crm: { url: server.url } };
  const env = cheap ? passphraseEnv : { GATEWAY_EXPORT_PASSPHRASE: passphrase };
  const a = stage.home({ servers, browser: 'approves', env });
  const b = stage.home({ servers, env });
  expect((await stage.run(a, ['login', 'crm'])).code).toBe(0);
  return { as, server, a, b, file: join(a.directory, 'moved.portico') };
}

/** The bytes of every file in the token directory. */
export function bytesOf(home: Home): Record<string, string> {
  const names = existsSync(home.tokenDirectory) ? readdirSync(home.tokenDirectory).sort() : [];
  const files = names.filter((name) => statSync(join(home.tokenDirectory, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(home.tokenDirectory, name), 'hex')]));
}

export function expectNoSecrets(as: AuthorizationServer, ...results: readonly (CommandResult | string)[]): void {
  const text = results.map((one) => (typeof one === 'string' ? one : one.stdout + one.stderr)).join('\n');
  expect(as.secrets.length).toBeGreaterThan(1);
  expect([...as.secrets, passphrase].filter((secret) => text.includes(secret))).toEqual([]);
}

export async function expectUsable(stage: Stage, home: Home, as: AuthorizationServer): Promise<void> {
  const gateway = await stage.gateway(home);
  const { authorizations, refreshes } = as.counts;
  expect((await gateway.execute('crm', 'whoami')).structuredContent).toMatchObject({ subject: 'alice' });
  as.expireAccessTokens();
  await gateway.execute('crm', 'whoami');
  expect(as.counts).toMatchObject({ authorizations, refreshes: refreshes + 1 });
  expect(home.openings()).toEqual([]);
  await gateway.stop();
}
