import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { boundedFetch } from '../../src/auth/bounded-fetch.ts';
import type { ScriptedServer } from './scripted-server.ts';
import { startScriptedServer } from './scripted-server.ts';

let server: ScriptedServer;
let elsewhere: ScriptedServer;

beforeEach(async () => {
  elsewhere = await startScriptedServer(() => ({ body: 'elsewhere' }));
  server = await startScriptedServer(({ path }) => {
    const to = (location: string, status = 302) => ({ status, headers: { location } });
    if (path === '/hang') return 'hang';
    if (path === '/moved') return to('/here');
    if (path === '/loop') return to('/loop');
    if (path === '/away') return to(`${elsewhere.origin}/`);
    if (path === '/nowhere') return { status: 302 };
    if (path === '/kept') return to('/here', 307);
    if (path === '/empty') return { status: 204 };
    if (path === '/big') return { body: 'x'.repeat(2000) };
    return { body: 'here', headers: { 'x-mark': '1' } };
  });
});

afterEach(async () => {
  await server.close();
  await elsewhere.close();
});

describe('a bounded fetch', () => {
  it.each([
    ['/here', 200, 'here'],
    ['/moved', 200, 'here'],
    ['/empty', 204, ''],
  ])('answers GET %s with %i', async (path, status, body) => {
    const response = await boundedFetch(fetch)(`${server.origin}${path}`);
    expect([response.status, await response.text()]).toEqual([status, body]);
  });

  it('keeps the headers of the answer', async () => {
    const response = await boundedFetch(fetch)(`${server.origin}/here`);
    expect(response.headers.get('x-mark')).toBe('1');
  });

  it.each([
    ['a redirect to another origin', '/away', {}, 'RedirectError'],
    ['a redirect that never ends', '/loop', {}, 'RedirectError'],
    ['a redirect without a place', '/nowhere', {}, 'RedirectError'],
    ['any redirect of a POST', '/kept', { method: 'POST', body: 'secret' }, 'RedirectError'],
    ['an answer over the limit', '/big', {}, 'TooLargeError'],
    ['a server that says nothing', '/hang', {}, 'TimeoutError'],
  ])('H57: fails on %s', async (_what, path, init, name) => {
    const bounded = boundedFetch(fetch, { limitMs: name === 'TimeoutError' ? 50 : 5000, maxBytes: 1000 });
    await expect(bounded(`${server.origin}${path}`, init)).rejects.toMatchObject({ name });
    expect(elsewhere.asked).toEqual([]);
    expect(server.asked.length).toBeLessThanOrEqual(4);
  });

  it.each(['headers', 'further bytes'])(
    'fails in time where %s never come, although the memory is tidied meanwhile',
    async (what) => {
      // `fetch` and joined signals hold one another weakly: what is collected never aborts.
      setFlagsFromString('--expose-gc');
      const collect = runInNewContext('gc') as () => void;
      const silent = createServer((_, response) => {
        if (what !== 'headers') response.writeHead(200).write('x');
      });
      await once(silent.listen(0, '127.0.0.1'), 'listening');
      const tidying = setInterval(collect, 10);
      try {
        const { port } = silent.address() as AddressInfo;
        const bounded = boundedFetch(fetch, { limitMs: 100, signal: new AbortController().signal });
        await expect(bounded(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({ name: 'TimeoutError' });
      } finally {
        clearInterval(tidying);
        silent.closeAllConnections();
        silent.close();
      }
    },
  );

  it('ends with the reason of the caller', async () => {
    const controller = new AbortController();
    const reason = new Error('gone');
    const work = boundedFetch(fetch, { signal: controller.signal })(`${server.origin}/hang`);
    controller.abort(reason);
    await expect(work).rejects.toBe(reason);
  });
});
