// Owns a loopback HTTP server that answers what a test says, and remembers what it was asked.
import type { IncomingHttpHeaders, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** An object is sent as JSON. */
  readonly body?: string | object;
}

/** `hang` never answers, `drop` destroys the connection. */
export type Script = (asked: Asked) => Reply | 'hang' | 'drop' | Promise<Reply | 'hang' | 'drop'>;

export interface ScriptedServer {
  readonly origin: string;
  readonly asked: Asked[];
  close(): Promise<void>;
}

export async function startScriptedServer(script: Script): Promise<ScriptedServer> {
  const asked: Asked[] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      const one = { method, path, headers, body: Buffer.concat(chunks).toString('utf8') };
      asked.push(one);
      void answer(script, one, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    asked,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

async function answer(script: Script, asked: Asked, response: ServerResponse): Promise<void> {
  const reply = await script(asked);
  if (reply === 'hang') return;
  if (reply === 'drop') {
    response.destroy();
    return;
  }
  const { status = 200, headers = {}, body = '' } = reply;
  const json = typeof body === 'object';
  response.writeHead(status, { ...(json && { 'content-type': 'application/json' }), ...headers });
  response.end(json ? JSON.stringify(body) : body);
}
