import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { proxyFor } from '../../../src/auth/trace/proxy.ts';
import { createHttpFetch } from '../../../src/lib/http-fetch.ts';

let proxy: Server;
let address: string;
let tunnels: string[] = [];

/** A proxy that notes what it is asked for and refuses it. */
beforeAll(async () => {
  proxy = createServer();
  proxy.on('connect', (request, socket) => {
    tunnels.push(request.url ?? '');
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  address = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
});

afterAll(() => new Promise<void>((resolve) => void proxy.close(() => resolve())));

describe('C27: the doctor names the proxy that a request really goes through', () => {
  // Names that nobody has (RFC 2606): without the proxy no request comes anywhere.
  it.each<[string, string, Record<string, string>, boolean]>([
    ['none is set', 'https://a.invalid/', {}, false],
    ['HTTPS_PROXY', 'https://a.invalid/', { HTTPS_PROXY: 'P' }, true],
    ['https_proxy before HTTPS_PROXY', 'https://a.invalid/', { https_proxy: '', HTTPS_PROXY: 'P' }, false],
    ['HTTP_PROXY for https, too', 'https://a.invalid/', { HTTP_PROXY: 'P' }, true],
    ['HTTPS_PROXY is not for http', 'http://a.invalid/', { HTTPS_PROXY: 'P' }, false],
    ['NO_PROXY names the host', 'https://a.invalid/', { HTTPS_PROXY: 'P', NO_PROXY: 'a.invalid' }, false],
    ['NO_PROXY names a parent', 'https://x.a.invalid/', { HTTPS_PROXY: 'P', NO_PROXY: 'b.invalid, .a.invalid' }, false],
    ['NO_PROXY with an asterisk', 'https://x.a.invalid/', { HTTPS_PROXY: 'P', no_proxy: '*.a.invalid' }, false],
    ['NO_PROXY names everything', 'https://a.invalid/', { HTTPS_PROXY: 'P', NO_PROXY: 'b.invalid, *' }, false],
    ['NO_PROXY names another port', 'https://a.invalid/', { HTTPS_PROXY: 'P', NO_PROXY: 'a.invalid:8443' }, true],
    ['NO_PROXY names the port', 'https://a.invalid:8443/', { HTTPS_PROXY: 'P', NO_PROXY: 'a.invalid:8443' }, false],
    ['NO_PROXY names only a part of a label', 'https://xa.invalid/', { HTTPS_PROXY: 'P', NO_PROXY: 'a.invalid' }, true],
  ])('%s', async (_what, url, setting, expected) => {
    const env = Object.fromEntries(
      Object.entries(setting).map(([name, value]) => [name, value === 'P' ? `http://user:secret@${address}` : value]),
    );
    tunnels = [];
    const http = createHttpFetch(env);
    await http.fetch(url, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
    await http.close();
    expect(tunnels.length > 0).toBe(expected);
    expect(proxyFor(url, env)).toBe(expected ? address : undefined);
  });

  it('loopback goes through none', () => {
    expect(proxyFor('http://127.0.0.1:8080/mcp', { HTTP_PROXY: `http://${address}` })).toBeUndefined();
    expect(proxyFor('http://localhost:8080/mcp', { HTTP_PROXY: `http://${address}` })).toBeUndefined();
  });
});
