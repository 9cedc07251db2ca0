import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CallbackAddress, CallbackPort } from '../../src/auth/callback-server.ts';
import { CallbackServer } from '../../src/auth/callback-server.ts';
import { failurePage, successPage } from '../../src/auth/login-page.ts';
import { takePort } from './taken-port.ts';

const loopback: CallbackAddress = { host: '127.0.0.1' };
let callbacks: CallbackServer;

beforeEach(() => {
  callbacks = new CallbackServer();
});

afterEach(async () => {
  await callbacks.close();
});

/** Whether anything happened is asked of the promise itself, after everything queued before has run. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const mark = Symbol('pending');
  return (await Promise.race([promise, Promise.resolve(mark)])) === mark;
}

async function refuses(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return false;
  } catch {
    return true;
  } finally {
    socket.destroy();
  }
}

describe('one listener', () => {
  test('A5: is shared by logins that begin at the same time', async () => {
    const [a, b] = await Promise.all([callbacks.open(loopback), callbacks.open(loopback)]);
    expect(a.redirectUri).toBe(b.redirectUri);
    expect(a.redirectUri).toBe(`http://127.0.0.1:${a.port}/callback`);
  });

  test('A5: hands each callback to the login whose state it carries', async () => {
    const [a, b] = [await callbacks.open(loopback), await callbacks.open(loopback)];
    const [first, second] = [a.expect('state-a'), b.expect('state-b')];
    const browser = fetch(`${a.redirectUri}?state=state-b&code=c`);
    expect((await second).get('code')).toBe('c');
    expect(await isPending(first)).toBe(true);
    await b.answer(successPage('b'));
    expect((await browser).status).toBe(200);
  });

  test('closes when its last login ends, although a browser keeps a spare connection open', async () => {
    const [a, b] = [await callbacks.open(loopback), await callbacks.open(loopback)];
    const spare = connect(a.port, '127.0.0.1');
    const ended = once(spare, 'close');
    await once(spare, 'connect');
    await a.release();
    expect(await refuses(a.port)).toBe(false);
    await b.release();
    await b.release();
    expect(await refuses(a.port)).toBe(true);
    spare.on('error', () => undefined);
    await ended;
  });

  test('is gone after close(), whatever was open', async () => {
    const port = await callbacks.open(loopback);
    void port.expect('s');
    await callbacks.close();
    expect(await refuses(port.port)).toBe(true);
    await port.release();
  });
});

describe('a callback', () => {
  let port: CallbackPort;
  let arrived: Promise<URLSearchParams>;

  beforeEach(async () => {
    port = await callbacks.open(loopback);
    arrived = port.expect('of-this-login');
  });

  test.each([
    ['with another state', 'GET', '/callback?code=c&state=bad', 400],
    ['without a state', 'GET', '/callback?code=c', 400],
    ['with an empty state', 'GET', '/callback?code=c&state=', 400],
    ['with two states', 'GET', '/callback?code=c&state=of-this-login&state=bad', 400],
    ['at another path', 'GET', '/?code=c&state=of-this-login', 404],
    ['below the path', 'GET', '/callback/x?code=c&state=of-this-login', 404],
    ['by POST', 'POST', '/callback?code=c&state=of-this-login', 405],
  ])('%s gets %s %s → %i and leaves the login open', async (_name, method, path, status) => {
    const response = await fetch(new URL(path, port.redirectUri), { method });
    expect(response.status).toBe(status);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await response.text()).not.toContain('of-this-login');
    expect(await isPending(arrived)).toBe(true);
    const browser = fetch(`${port.redirectUri}?code=c&state=of-this-login`);
    expect((await arrived).get('code')).toBe('c');
    await port.answer(successPage('x'));
    expect((await browser).status).toBe(200);
  });

  test('with a request target that is no URL does not end the process', async () => {
    const socket = connect(port.port, '127.0.0.1');
    socket.end('GET // HTTP/1.1\r\nHost: x\r\n\r\n');
    const [head] = (await once(socket, 'data')) as [Buffer];
    expect(head.toString('latin1')).toMatch(/^HTTP\/1\.1 404 /);
    socket.destroy();
  });

  test('A11: is answered only when the login is settled', async () => {
    const browser = fetch(`${port.redirectUri}?code=c&state=of-this-login`);
    await arrived;
    // A whole exchange on the same listener: an early answer would be here by now.
    await fetch(new URL('/', port.redirectUri));
    expect(await isPending(browser)).toBe(true);
    await port.answer(failurePage('x', 'it went <b>wrong</b>'));
    const response = await browser;
    expect(response.status).toBe(403);
    expect(await response.text()).toContain('it went &lt;b&gt;wrong&lt;/b&gt;');
  });

  test('that comes twice counts once, and both get the page', async () => {
    const browsers = [fetch(`${port.redirectUri}?code=c1&state=of-this-login`)];
    expect((await arrived).get('code')).toBe('c1');
    await port.answer(successPage('x'));
    browsers.push(fetch(`${port.redirectUri}?code=c2&state=of-this-login`));
    expect((await Promise.all(browsers)).map(({ status }) => status)).toEqual([200, 200]);
    expect((await arrived).get('code')).toBe('c1');
  });

  test('C23: that a human pasted counts like one that arrived', async () => {
    expect(port.deliver(new URLSearchParams('code=c&state=bad'))).toBe(false);
    expect(port.deliver(new URLSearchParams('code=c&state=of-this-login'))).toBe(true);
    expect((await arrived).get('code')).toBe('c');
  });

  test('belongs to nobody once its login is released', async () => {
    const other = await callbacks.open(loopback);
    await port.release();
    expect((await fetch(`${other.redirectUri}?code=c&state=of-this-login`)).status).toBe(400);
  });
});

describe('the start of a login', () => {
  test('sends the browser on to what there is at that moment, and ends with its login', async () => {
    const [one, other] = [await callbacks.open(loopback), await callbacks.open(loopback)];
    let count = 0;
    const start = one.serveStart(async () => `https://as.example/?n=${++count}`);
    const locations = [];
    for (let visit = 0; visit < 2; visit++) {
      const { status, headers } = await fetch(start, { redirect: 'manual' });
      locations.push([status, headers.get('location'), headers.get('referrer-policy')]);
    }
    expect(locations).toEqual([
      [302, 'https://as.example/?n=1', 'no-referrer'],
      [302, 'https://as.example/?n=2', 'no-referrer'],
    ]);
    expect((await fetch(new URL('/start?login=guessed', start))).status).toBe(404);
    expect((await fetch(start, { method: 'POST' })).status).toBe(404);
    await one.release();
    expect((await fetch(start, { redirect: 'manual' })).status).toBe(404);
    expect(count).toBe(2);
    await other.release();
  });
});

describe('the port', () => {
  test('A6: of the last registration is taken again where it is free', async () => {
    const { port, free } = await takePort();
    await free();
    expect((await callbacks.open({ ...loopback, preferredPort: port })).port).toBe(port);
  });

  test('A5: of the last registration is given up where it is busy', async () => {
    const { port, free } = await takePort();
    expect((await callbacks.open({ ...loopback, preferredPort: port })).port).not.toBe(port);
    await free();
  });

  test('A5: fixed by the config and busy fails with the port, the process that has it, and the name of the setting', async () => {
    const { port, free } = await takePort();
    const failure = await callbacks.open({ ...loopback, fixedPort: port }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'AUTH_FAILED' });
    const who = process.platform === 'linux' ? `process ${process.pid}` : '';
    expect(failure).toHaveProperty('message', expect.stringContaining(`${port} on 127.0.0.1 is in use by ${who}`));
    expect(failure).toHaveProperty('hint', expect.stringContaining('oauth.callbackPort'));
    await free();
    expect((await callbacks.open({ ...loopback, fixedPort: port })).port).toBe(port);
  });

  test('an address that is not this machine’s fails with the name of the setting', async () => {
    await expect(callbacks.open({ host: '192.0.2.1' })).rejects.toMatchObject({
      code: 'AUTH_FAILED',
      hint: expect.stringContaining('oauth.callbackHost'),
    });
  });

  test('C23: on all addresses is announced at the loopback address', async () => {
    const port = await callbacks.open({ host: '0.0.0.0' });
    expect(port.redirectUri).toBe(`http://127.0.0.1:${port.port}/callback`);
  });

  test('C23: takes the path of a configured redirect URI besides its own', async () => {
    const port = await callbacks.open({ ...loopback, path: '/oauth/done' });
    const arrived = port.expect('s');
    const browser = fetch(`http://127.0.0.1:${port.port}/oauth/done?state=s&code=c`);
    expect((await arrived).get('code')).toBe('c');
    await port.answer(successPage('x'));
    await browser;
  });
});
