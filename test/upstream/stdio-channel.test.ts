// Tests of src/upstream/stdio-channel.ts that need no conversation.
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { StdioServerChannel } from '../../src/upstream/stdio-channel.ts';

it('keeps answers and questions for a host that does not read, and no flood of what passes', async () => {
  const output = new PassThrough({ highWaterMark: 1 });
  const channel = new StdioServerChannel(new PassThrough(), output);
  const data = 'x'.repeat(1024 * 1024);
  for (let i = 0; i < 40; i++)
    void channel.send({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data } });
  void channel.send({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 1, progress: 1 } });
  void channel.send({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
  void channel.send({ jsonrpc: '2.0', id: 1, result: {} });
  await channel.close();
  expect(output.writableLength).toBeLessThan(20 * 1024 * 1024);
  output.end();
  const lines = (await output.setEncoding('utf8').toArray()).join('').split('\n');
  const kept = lines.filter((line) => line !== '' && line.length < 1000);
  expect(kept.map((line) => JSON.parse(line) as unknown)).toEqual([
    { jsonrpc: '2.0', method: 'notifications/tools/list_changed' },
    { jsonrpc: '2.0', id: 1, result: {} },
  ]);
});
