// Tests with servers that nobody here wrote, against a direct conversation that validates and rebuilds nothing.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/downstream/connection.ts';
import { openConnection } from '../../src/downstream/open-connection.ts';
import { binary, env, execPath, httpEntry, stdioEntry, testDeps } from './surroundings.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function keep(opening: Promise<Connection>): Promise<Connection> {
  const connection = await opening;
  closers.push(() => connection.close());
  return connection;
}

const stdio = (command: string, args: readonly string[], more = {}) =>
  keep(openConnection(testDeps(), stdioEntry({ command: binary(command), args, ...more })));

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'real-servers-'));
  closers.push(() => rm(directory, { recursive: true }));
  return directory;
}

/** The lines that a server answers with, byte for byte. */
async function rawAnswers(command: string, args: readonly string[], requests: readonly object[]): Promise<string[]> {
  const child = spawn(execPath, [binary(command), ...args], { stdio: ['pipe', 'pipe', 'ignore'] });
  const answers: string[] = [];
  let rest = '';
  for (const request of requests) child.stdin.write(`${JSON.stringify(request)}\n`);
  for await (const chunk of child.stdout) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    answers.push(...lines.filter((line) => line.includes('"result"')));
    if (answers.length >= requests.filter((request) => 'id' in request).length) child.stdin.end();
  }
  return answers;
}

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });

async function everythingOverHttp(mode: 'streamableHttp' | 'sse'): Promise<string> {
  const port = await freePort();
  const child: ChildProcess = spawn(execPath, [binary('mcp-server-everything'), mode], {
    env: { ...env, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  closers.push(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  await new Promise<void>((resolve) =>
    child.stderr?.on('data', (text) => String(text).includes(String(port)) && resolve()),
  );
  return `http://127.0.0.1:${port}/${mode === 'sse' ? 'sse' : 'mcp'}`;
}

describe('real servers', () => {
  it('everything over stdio: definitions and results are byte for byte what it sent', async () => {
    const call = (id: number, name: string, args: object) => ({
      jsonrpc: '2.0',
      id,
      method: 'tools/call',
      params: { name, arguments: args },
    });
    const calls = [
      ['echo', { message: 'é☃' }],
      ['get-tiny-image', {}],
      ['get-structured-content', { location: 'Chicago' }],
      ['get-annotated-message', { messageType: 'error', includeImage: true }],
    ] as const;
    const initialize = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
    const raw = await rawAnswers(
      'mcp-server-everything',
      ['stdio'],
      [
        { jsonrpc: '2.0', id: 1, method: 'initialize', params: initialize },
        { jsonrpc: '2.0', method: 'notifications/initialized' },
        { jsonrpc: '2.0', id: 2, method: 'tools/list', params: {} },
        ...calls.map(([name, args], index) => call(index + 3, name, args)),
      ],
    );
    const resultOf = (id: number): string =>
      JSON.stringify(raw.map((line) => JSON.parse(line)).find((line) => line.id === id).result);
    const connection = await stdio('mcp-server-everything', ['stdio']);
    expect(JSON.stringify({ tools: (await connection.listTools()).tools })).toBe(resultOf(2));
    for (const [index, [name, args]] of calls.entries()) {
      expect(JSON.stringify((await connection.callTool(name, args)).result)).toBe(resultOf(index + 3));
    }
  });

  it('everything reports progress, and so lives longer than its time limit', async () => {
    const connection = await stdio('mcp-server-everything', ['stdio']);
    const seen: unknown[] = [];
    const args = { duration: 2, steps: 8 };
    await connection.callTool('trigger-long-running-operation', args, {
      timeoutMs: 1500,
      onProgress: (params) => seen.push(params),
    });
    expect(seen).toHaveLength(8);
  });

  it.each(['streamableHttp', 'sse'] as const)('everything over %s: is opened, listed and called', async (mode) => {
    const connection = await keep(openConnection(testDeps(), httpEntry(await everythingOverHttp(mode))));
    expect(connection.info.transport).toBe(mode === 'sse' ? 'sse' : 'http');
    expect((await connection.listTools()).tools.map(({ name }) => name)).toContain('echo');
    const { result } = await connection.callTool('echo', { message: 'hello' });
    expect(result).toEqual({ content: [{ type: 'text', text: 'Echo: hello' }] });
  });

  it('filesystem reads a file of the directory that it was given', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'a.txt'), 'content');
    const connection = await stdio('mcp-server-filesystem', [directory]);
    const { result } = await connection.callTool('read_text_file', { path: join(directory, 'a.txt') });
    expect(result).toMatchObject({ content: [{ type: 'text', text: 'content' }] });
    const refused = await connection.callTool('read_text_file', { path: '/etc/passwd' });
    expect(refused.result).toMatchObject({ isError: true });
  });

  it('memory keeps what it was told', async () => {
    const directory = await temporaryDirectory();
    const connection = await stdio('mcp-server-memory', [], {
      env: { MEMORY_FILE_PATH: join(directory, 'memory.jsonl') },
    });
    const entities = [{ name: 'Ada', entityType: 'person', observations: ['wrote programs'] }];
    await connection.callTool('create_entities', { entities });
    const { result } = await connection.callTool('search_nodes', { query: 'Ada' });
    expect(result['structuredContent']).toEqual({ entities, relations: [] });
  });
});
