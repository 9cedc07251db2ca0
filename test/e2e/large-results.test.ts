// Results that are too large for one answer: the head first, the rest in pages, nothing lost and nothing unsaid.
import { afterEach, expect, test } from 'vitest';
import { startHttpEcho } from '../../fixtures/servers/http-echo.mjs';
import type { GatewayProcess } from '../helpers/gateway-process.ts';
import type { Json } from '../helpers/json-rpc-process.ts';
import { fixtureServer } from '../helpers/programs.ts';
import { Stage, until } from '../helpers/stage.ts';

const stage = new Stage();
afterEach(() => stage.close());

const key = 'mcp-portico/large-result';
const megabyte = 1024 * 1024;

async function readOn(gateway: GatewayProcess, given: Json): Promise<{ text: string; pages: number }> {
  let [text, pages, { result_id, end, length }] = [given.content[0].text, 0, given._meta[key]];
  while (end < length) {
    const page: Json = await gateway.callTool('read_result', { result_id, offset: end });
    expect(page.content[1].text).toContain(`to ${page._meta[key].end} of ${length}`);
    text += page.content[0].text;
    end = page._meta[key].end;
    pages++;
  }
  return { text, pages };
}

test.each(['stdio', 'http'])(
  'F48: a text of 10 MB over %s comes as its head, and the rest in pages',
  async (transport) => {
    const http = await startHttpEcho();
    stage.own(() => http.close());
    const echo = transport === 'http' ? { url: http.url, oauth: false } : fixtureServer('echo');
    const home = stage.home({ servers: { echo } });
    const gateway = await stage.gateway(home);
    const size = 10 * megabyte;
    const given: Json = await gateway.execute('echo', 'big', { size });
    expect(given.content).toEqual([
      { type: 'text', text: 'x'.repeat(megabyte) },
      { type: 'text', text: expect.stringContaining(`${megabyte} of its ${size} characters are shown`) },
    ]);
    expect(await readOn(gateway, given)).toEqual({ text: 'x'.repeat(size), pages: 9 });
    const lines = await until(() => (home.audit().length >= 10 ? home.audit() : undefined));
    expect(lines.slice(1)).toEqual(
      lines.slice(1).map(() => expect.objectContaining({ operation: 'read_result', server: 'echo', tool: 'big' })),
    );
    for (const { result_bytes } of lines) expect(result_bytes).toBeLessThan(megabyte + 1000);
  },
);

test('a result that is not known is an error that says so', async () => {
  const gateway = await stage.gateway(stage.home({ servers: { echo: fixtureServer('echo') } }));
  expect(await gateway.failure('read_result', { result_id: 'abc' })).toMatchObject({
    code: 'RESULT_NOT_FOUND',
    message: expect.stringContaining("'abc'"),
  });
  expect(await gateway.failure('read_result', { result_id: 'abc', offset: -1 })).toMatchObject({
    code: 'INVALID_ARGUMENTS',
    message: expect.stringContaining('offset'),
  });
});

test('portico call prints the whole result', async () => {
  const home = stage.home({ servers: { echo: { ...fixtureServer('echo'), maxResultBytes: 1024 } } });
  const size = 3 * megabyte;
  const { code, stdout } = await stage.run(home, ['call', 'echo', 'big', JSON.stringify({ size }), '--json']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({ content: [{ type: 'text', text: 'x'.repeat(size) }] });
});
