// Owns looking into an event stream on its way to the SDK's transport: messages are kept back and stood in for, all
// other lines (ids, names, retry times, comments) pass. Linear in the bytes received.
import { LineFraming } from '../wire/line-framing.ts';
import type { JsonRpcMessage, RequestId } from '../wire/messages.ts';
import type { HeldMessages } from './held-messages.ts';
import { oversizedFailure, readMessages } from './read-message.ts';

export interface EventStreamWatch {
  /** Data that is no message. */
  skipped(text: string, size: number): void;
  /** A message was delivered: the stream is of use. */
  delivered(): void;
  /** The stream ended, by itself or by a broken connection. */
  ended(): void;
}

/** The same stream with stand-ins for its messages (HTML Living Standard, 9.2 Server-sent events). */
export function watchEventStream(
  body: ReadableStream<Uint8Array>,
  held: HeldMessages,
  watch: EventStreamWatch,
  {
    maxMessageBytes,
    answering,
    onEventId,
  }: {
    readonly maxMessageBytes?: number | undefined;
    readonly answering?: RequestId;
    readonly onEventId?: ((id: string) => void) | undefined;
  } = {},
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let out = '';
  let data: string[] = [];
  let kind = 'message';
  const numbers: number[] = [];
  const hold = (message: JsonRpcMessage, size: number): string => {
    const { number, standIn: text } = held.hold(message, size, answering);
    numbers.push(number);
    return text;
  };
  // Stand-ins of a stream that was broken off may never come back for their messages.
  const dropHeld = (): void => {
    setImmediate(() => held.drop(numbers));
  };

  const dispatch = (): void => {
    if (data.length > 0) out += kind === 'message' ? standIn(data.join('\n'), hold, watch) : dataLines(data);
    out += '\n';
    data = [];
    kind = 'message';
  };
  let first = true;
  const line = (raw: string): void => {
    const text = first ? raw.replace(/^\ufeff/, '') : raw;
    first = false;
    if (text === '') {
      dispatch();
      return;
    }
    if (text.startsWith('data:')) {
      data.push(text.slice(text.charCodeAt(5) === 0x20 ? 6 : 5));
      return;
    }
    if (text.startsWith('id:')) onEventId?.(text.slice(3).trim());
    if (text.startsWith('event:')) kind = text.slice(6).trim() || 'message';
    out += `${text}\n`;
  };
  const framing = new LineFraming(
    {
      // Lines may end with CR LF, LF or CR alone.
      line: (text) => {
        const whole = text.endsWith('\r') ? text.slice(0, -1) : text;
        for (const part of whole.includes('\r') ? whole.split('\r') : [whole]) line(part);
      },
      oversized: (head, tail, size) => {
        const failure = oversizedFailure(head.replace(/^data:\s*/, ''), tail, size);
        if (failure) out += `data: ${hold(failure, size)}\n\n`;
        else watch.skipped(head, size);
      },
    },
    maxMessageBytes,
  );
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        for (;;) {
          const { done, value } = await reader.read();
          if (done) {
            watch.ended();
            return controller.close();
          }
          framing.push(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
          if (out === '') continue;
          controller.enqueue(encoder.encode(out));
          out = '';
          return;
        }
      } catch (error) {
        watch.ended();
        dropHeld();
        controller.error(error);
      }
    },
    cancel(reason) {
      dropHeld();
      return reader.cancel(reason);
    },
  });
}

function standIn(
  text: string,
  hold: (message: JsonRpcMessage, size: number) => string,
  watch: EventStreamWatch,
): string {
  // An event with an id and empty data only names the point to resume from; the SDK must still see it.
  const nothing = 'data:\n';
  if (text === '') return nothing;
  const size = Buffer.byteLength(text);
  const messages = readMessages(text);
  if (!messages) {
    watch.skipped(text, size);
    return nothing;
  }
  watch.delivered();
  // A batch becomes one event for each of its messages.
  return messages.map((message) => `data: ${hold(message, size)}\n`).join('\n');
}

function dataLines(data: readonly string[]): string {
  return data.map((part) => `data: ${part}\n`).join('');
}
