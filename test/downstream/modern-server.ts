// Owns a loopback server of revision 2026-07-28 alone, on the SDK's own handler, which notes what it was asked.
import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';

export interface Refusal {
  readonly status: number;
  /** A function is given the id of the request. */
  readonly body: string | ((id: unknown) => string);
}

export interface ModernServer {
  readonly url: string;
  readonly asked: { readonly method: string; readonly headers: IncomingHttpHeaders; readonly message: unknown }[];
  /** Calls of `wait` that were cancelled. */
  cancelled(): number;
  /** Answers the next requests in place of the handler. */
  refuse(answer: Refusal | undefined): void;
  close(): Promise<void>;
}

export async function startModernServer(): Promise<ModernServer> {
  let cancelled = 0;
  let refusal: Refusal | undefined;
  const asked: ModernServer['asked'] = [];
  const handler = createMcpHandler(
    () => {
      const server = new McpServer({ name: 'modern', version: '1.0.0' }, { instructions: 'Knows the new ways.' });
      server.registerTool(
        'echo',
        { description: 'Echoes.', inputSchema: z.object({ text: z.string() }) },
        ({ text }) => ({
          content: [{ type: 'text', text }],
          structuredContent: { text, nothing: null },
        }),
      );
      server.registerTool('wait', { description: 'Waits.' }, async (context) => {
        await new Promise<void>((resolve) => {
          context.mcpReq.signal.addEventListener('abort', () => resolve(), { once: true });
        });
        cancelled += 1;
        return { content: [] };
      });
      return server;
    },
    { legacy: 'reject' },
  );
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    asked.push({
      method: request.method ?? '',
      headers: request.headers,
      message: body.length > 0 ? JSON.parse(body.toString('utf8')) : undefined,
    });
    if (refusal) {
      const { status, body: given } = refusal;
      const text = typeof given === 'string' ? given : given(JSON.parse(body.toString('utf8')).id);
      response.writeHead(status, { 'content-type': 'application/json' }).end(text);
      return;
    }
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const answer = await handler.fetch(
      new Request(`http://${request.headers.host}${request.url}`, {
        method: request.method ?? 'GET',
        headers: request.headers as Record<string, string>,
        signal: gone.signal,
        ...(body.length > 0 && { body }),
      }),
    );
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    try {
      for await (const part of answer.body ?? []) response.write(part);
    } catch {
      // The client left in the middle of a stream.
    }
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    asked,
    cancelled: () => cancelled,
    refuse(answer) {
      refusal = answer;
    },
    async close() {
      await handler.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
