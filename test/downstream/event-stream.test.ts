// Tests of src/downstream/event-stream.ts and stream-backoff.ts.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { watchEventStream } from '../../src/downstream/event-stream.ts';
import { HeldMessages } from '../../src/downstream/held-messages.ts';
import { createStreamBackoff } from '../../src/downstream/stream-backoff.ts';

interface Passed {
  /** The lines that go on to the SDK, `data` lines of stand-ins exchanged back. */
  readonly text: string;
  readonly messages: readonly unknown[];
  readonly skipped: readonly string[];
  readonly ended: number;
}

async function pass(text: string, cuts: readonly number[] = [], maxBytes?: number): Promise<Passed> {
  const bytes = Buffer.from(text);
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((one, other) => one - other);
  const chunks = [0, ...places].map((place, index) => bytes.subarray(place, places[index] ?? bytes.length));
  const held = new HeldMessages();
  const skipped: string[] = [];
  let ended = 0;
  const watch = {
    skipped: (line: string) => void skipped.push(line),
    delivered: () => undefined,
    ended: () => void ended++,
  };
  const body = watchEventStream(ReadableStream.from(chunks) as ReadableStream<Uint8Array>, held, watch, {
    maxMessageBytes: maxBytes,
  });
  const out = await new Response(body).text();
  const messages: unknown[] = [];
  const lines = out.split('\n').map((line) => {
    if (!line.startsWith('data: {"jsonrpc"')) return line;
    messages.push(held.take(JSON.parse(line.slice(6)))?.message);
    return 'data: (message)';
  });
  return { text: lines.join('\n'), messages, skipped, ended };
}

const answer = { jsonrpc: '2.0', id: 1, result: { 'x-first': 'é☃', content: [] } };
const note = { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 1 } };
const stream = `: hello\n\nid: 1\nretry: 10\ndata:\n\nevent: message\nid: 2\ndata: ${JSON.stringify(note)}\n\ndata:${JSON.stringify(answer)}\n\n`;

describe('an event stream on its way to the SDK', () => {
  it.each(['\n', '\r\n', '\r'])(
    'has its messages held back and all else passed, with lines ending in %j',
    async (end) => {
      const { text, messages, ended } = await pass(`${stream.replaceAll('\n', end)}\n`);
      expect(messages).toEqual([note, answer]);
      expect(text).toContain(
        ': hello\n\nid: 1\nretry: 10\ndata:\n\nevent: message\nid: 2\ndata: (message)\n\ndata: (message)\n\n',
      );
      expect(ended).toBe(1);
    },
  );

  it('is the same however it is cut into chunks', async () => {
    const whole = await pass(stream);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(500)), async (cuts) => {
        expect(await pass(stream, cuts)).toEqual(whole);
      }),
    );
  });

  it('gives each message of a batch, and messages written over several lines', async () => {
    const pretty = JSON.stringify(answer, null, 1)
      .split('\n')
      .map((line) => `data: ${line}\n`)
      .join('');
    const { messages } = await pass(`data: ${JSON.stringify([note, answer])}\n\n${pretty}\n`);
    expect(messages).toEqual([note, answer, answer]);
  });

  it('passes other events, and skips what is no message', async () => {
    const { text, skipped } = await pass('event: endpoint\ndata: /messages?a=1\n\ndata: hello\n\n');
    expect(text).toBe('event: endpoint\ndata: /messages?a=1\n\ndata:\n\n');
    expect(skipped).toEqual(['hello']);
  });

  it('fails an oversized answer alone', async () => {
    const big = { jsonrpc: '2.0', id: 5, result: { text: 'x'.repeat(2000) } };
    const { messages } = await pass(`data: ${JSON.stringify(big)}\n\ndata: ${JSON.stringify(answer)}\n\n`, [], 1000);
    expect(messages).toMatchObject([{ id: 5, error: { code: -32001 } }, answer]);
  });
});

describe('the time until a lost stream is opened again', () => {
  const backoff = () => {
    let time = 0;
    const made = createStreamBackoff({ now: () => time, random: () => 1 });
    return { made, pass: (ms: number) => (time += ms) };
  };

  it('doubles up to a minute, and starts anew once something was received or after a long health', () => {
    const { made, pass: passTime } = backoff();
    const delays = Array.from({ length: 9 }, () => made.nextDelayMs(0));
    expect(delays).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
    made.delivered();
    expect(made.nextDelayMs(0)).toBe(500);
    made.nextDelayMs(0);
    passTime(120_001);
    expect(made.nextDelayMs(0)).toBe(500);
  });

  it('is at least what the server asks for, within the minute', () => {
    const { made } = backoff();
    expect(made.nextDelayMs(7000)).toBe(7000);
    expect(made.nextDelayMs(600_000)).toBe(60_000);
  });

  it('varies, so that many clients do not come back at once', () => {
    expect(createStreamBackoff({ now: () => 0, random: () => 0 }).nextDelayMs(0)).toBe(250);
  });
});
