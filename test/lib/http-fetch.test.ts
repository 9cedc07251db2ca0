import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttpFetch, type HttpFetch } from '../../src/lib/http-fetch.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({ close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()) });
  return (server.address() as AddressInfo).port;
}

/** A forward proxy that leads every tunnel to one port, and notes who was asked for. */
async function startProxy(targetPort: number) {
  const asked: string[] = [];
  const proxy = createServer();
  proxy.on('connect', ({ url }, client, head) => {
    asked.push(url ?? '');
    const target = connect(targetPort, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      target.write(head);
      target.pipe(client).pipe(target);
    });
    client.on('error', () => target.destroy());
    target.on('error', () => client.destroy());
  });
  return { asked, url: `http://127.0.0.1:${await listen(proxy)}` };
}

function fetchWith(env: Record<string, string>): HttpFetch {
  const http = createHttpFetch(env);
  open.push(http);
  return http;
}

describe('the fetch under every request', () => {
  it.each(['HTTP_PROXY', 'http_proxy'])('C27: goes through %s', async (variable) => {
    const port = await listen(createServer((_, answer) => answer.end('hello')));
    const proxy = await startProxy(port);
    const { fetch } = fetchWith({ [variable]: proxy.url });
    const response = await fetch('http://server.example/x');
    expect([await response.text(), proxy.asked]).toEqual(['hello', ['server.example:80']]);
  });

  it.each(['HTTPS_PROXY', 'https_proxy'])(
    'C27: goes through %s to what is https, with and without a rule',
    async (variable) => {
      const port = await listen(createServer());
      const proxy = await startProxy(port);
      const { fetch, guarded } = fetchWith({ [variable]: proxy.url });
      // Nothing at the end of the tunnel speaks TLS: that it was asked for is what counts.
      for (const over of [fetch, guarded(async () => undefined)]) {
        await expect(over('https://server.example/')).rejects.toThrow('fetch failed');
      }
      expect(proxy.asked).toEqual(['server.example:443', 'server.example:443']);
    },
  );

  it('C27: never sends loopback through a proxy, nor what NO_PROXY names', async () => {
    const port = await listen(createServer((_, answer) => answer.end('direct')));
    const proxy = await startProxy(port);
    const { fetch } = fetchWith({ HTTP_PROXY: proxy.url, NO_PROXY: 'internal.invalid' });
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('direct');
    expect(await (await fetch(`http://localhost:${port}/`)).text()).toBe('direct');
    await expect(fetch('http://internal.invalid/')).rejects.toThrow();
    expect(proxy.asked).toEqual([]);
  });

  it('H57: connects to a name only where the rule accepts its addresses', async () => {
    const port = await listen(createServer((_, answer) => answer.end('inside')));
    const asked: string[] = [];
    const { guarded } = fetchWith({});
    const refused = guarded(async (hostname, addresses) => {
      asked.push(`${hostname} ${addresses.length > 0}`);
      return `${hostname} is not liked`;
    });
    await expect(refused(`http://localhost:${port}/`)).rejects.toMatchObject({
      cause: { message: 'localhost is not liked' },
    });
    expect(asked).toEqual(['localhost true']);
    const accepted = guarded(async () => undefined);
    expect(await (await accepted(`http://localhost:${port}/`)).text()).toBe('inside');
  });

  it('C27: leaves it to a proxy to resolve names', async () => {
    const port = await listen(createServer((_, answer) => answer.end('over the proxy')));
    const proxy = await startProxy(port);
    const { guarded } = fetchWith({ HTTP_PROXY: proxy.url.replace('127.0.0.1', 'localhost') });
    const response = await guarded(async () => 'nothing is liked')('http://server.example/x');
    expect(await response.text()).toBe('over the proxy');
  });

  it('ends what is under way when it is closed', async () => {
    const port = await listen(createServer((_, answer) => void answer.writeHead(200).write('first')));
    const http = createHttpFetch({});
    const response = await http.fetch(`http://127.0.0.1:${port}/`);
    await http.close();
    await expect(response.text()).rejects.toThrow();
  });
});
