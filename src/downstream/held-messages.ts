// Owns carrying messages past the SDK's transports, which validate, reorder and in part drop what they deliver. The
// fetch under a transport parses each message once, keeps it here, and hands the transport a small stand-in with the
// same id; what the transport then delivers is exchanged for the message itself.
import type { JsonRpcMessage, RequestId } from '../wire/messages.ts';

/** The member that carries the number; real messages never reach the SDK, so nothing else can look like one. */
const member = 'held';

interface Held {
  readonly message: JsonRpcMessage;
  readonly size: number;
  /** The request whose stream brought it. */
  readonly answering: RequestId | undefined;
}

export class HeldMessages {
  readonly #held = new Map<number, Held>();
  #next = 1;

  /** Keeps the message; returns the JSON text to stand for it. Size in bytes. */
  hold(
    message: JsonRpcMessage,
    size: number,
    answering?: RequestId,
  ): { readonly number: number; readonly standIn: string } {
    const number = this.#next++;
    this.#held.set(number, { message, size, answering });
    const answer = !('method' in message) && message.id !== null;
    const standIn = answer
      ? JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { [member]: number } })
      : JSON.stringify({ jsonrpc: '2.0', method: 'notifications/held', params: { [member]: number } });
    return { number, standIn };
  }

  drop(numbers: readonly number[]): void {
    for (const number of numbers) this.#held.delete(number);
  }

  /** The message that a stand-in stands for. */
  take(standIn: unknown): Held | undefined {
    const { result, params } = standIn as { result?: Record<string, unknown>; params?: Record<string, unknown> };
    const number = (result ?? params)?.[member];
    if (typeof number !== 'number') return undefined;
    const held = this.#held.get(number);
    this.#held.delete(number);
    return held;
  }
}
