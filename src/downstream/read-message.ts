// Owns telling JSON-RPC messages from other text; knows nothing of what they mean.
import type { JsonRpcFailure, JsonRpcMessage, RequestId } from '../wire/messages.ts';
import { idOfOversized } from '../wire/oversized-id.ts';
import { rpcCodes } from '../wire/rpc-error.ts';

const escapeCharacter = String.fromCharCode(0x1b);
/** What terminals, Windows consoles and editors put around a line: BOM, blanks, carriage return, ANSI sequences. */
const dirt = `(?:\\ufeff|\\s|${escapeCharacter}\\[[0-9;?]*[ -/]*[@-~])+`;
const dirtBefore = new RegExp(`^${dirt}`);
const dirtAfter = new RegExp(`${dirt}$`);
/** Looking for dirt at the end of a long text would take time that grows with its square. */
const longestDirt = 64;

/**
 * The messages in a text: one, or those of a batch. `undefined`: it is no JSON, or nothing in it is JSON-RPC. The
 * messages are what JSON.parse made of the text, nothing added and nothing dropped.
 */
export function readMessages(text: string): readonly JsonRpcMessage[] | undefined {
  const value = parseJson(text) ?? parseJson(cleaned(text));
  if (isMessage(value)) return [value];
  if (!Array.isArray(value)) return undefined;
  const messages = value.filter(isMessage);
  return messages.length > 0 ? messages : undefined;
}

function cleaned(text: string): string {
  const clean = text.replace(dirtBefore, '');
  return clean.slice(0, -longestDirt) + clean.slice(-longestDirt).replace(dirtAfter, '');
}

function parseJson(text: string): unknown {
  const first = text.charCodeAt(0);
  // Most noise is told by its first character, without the cost of an exception.
  if (first !== 0x7b && first !== 0x5b) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // No JSON: the caller hears `undefined`.
    return undefined;
  }
}

function isMessage(value: unknown): value is JsonRpcMessage {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const message = value as Record<string, unknown>;
  if ('method' in message) return typeof message['method'] === 'string' && (!('id' in message) || isId(message['id']));
  const { error, id } = message;
  if (typeof error === 'object' && error !== null) return id === null || isId(id);
  // An answer that says nothing, or says it in the wrong place, is one all the same: a request is waiting for it.
  return isId(id) && ('result' in message || message['jsonrpc'] === '2.0');
}

function isId(value: unknown): value is RequestId {
  return typeof value === 'number' || typeof value === 'string';
}

/** Marks an error answer that this side made up because the real one was larger than a message may be. */
export class OversizedAnswer {
  /** Bytes. */
  readonly size: number;

  constructor(size: number) {
    this.size = size;
  }
}

/**
 * The error answer to stand for a message that was dropped for its size, where its beginning or end tells which
 * request it answered.
 */
export function oversizedFailure(head: string, tail: string, size: number): JsonRpcFailure | undefined {
  const id = idOfOversized(head, tail);
  if (id === undefined) return undefined;
  return {
    jsonrpc: '2.0',
    id,
    error: {
      code: rpcCodes.messageTooLarge,
      message: `the answer has ${size} bytes`,
      data: new OversizedAnswer(size),
    },
  };
}
