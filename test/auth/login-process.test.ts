// What a login leaves running in a process of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, expect, test } from 'vitest';
import { approve } from '../../fixtures/http/approve.mjs';
import type { Scene } from './login-scene.ts';
import { startScene } from './login-scene.ts';

let scene: Scene;

afterEach(async () => {
  await scene.close();
});

const source = (file: string): string => JSON.stringify(new URL(`../../src/${file}`, import.meta.url).href);

test('a process ends by itself after its login, and not before the human is done', async () => {
  scene = await startScene();
  const program = `
    import { createAuthenticator } from ${source('auth/authenticator.ts')};
    import { createFileTokenStore } from ${source('auth/file-token-store.ts')};
    import { createFileLock } from ${source('lib/file-lock.ts')};
    const directory = ${JSON.stringify(scene.directory)};
    const quiet = () => undefined;
    const gateway = createAuthenticator({
      fetch, store: createFileTokenStore({ lock: createFileLock() }, { directory }), tokenDirectory: directory,
      now: Date.now, env: {}, platform: 'linux', log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    });
    const attempt = await gateway.login(${JSON.stringify(scene.entry())}, { openBrowser: false });
    console.log(attempt.loginUrl);
    attempt.done.then(() => console.log('logged in'));
  `;
  const loader = new URL('./typescript-loader.mjs', import.meta.url).href;
  const child = spawn(process.execPath, ['--import', loader, '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { value: loginUrl } = await lines.next();
  expect((await approve(String(loginUrl))).status).toBe(200);
  expect((await lines.next()).value).toBe('logged in');
  expect(await ended).toEqual([0, null]);
});
