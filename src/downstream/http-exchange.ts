// Owns reading the answers of an MCP transport over HTTP, each message once. Knows nothing of OAuth or of configured
// headers: the fetch it is given has both.
import { defaultMaxLineBytes } from '../wire/line-framing.ts';
import type { JsonRpcMessage, RequestId } from '../wire/messages.ts';
import { type EventStreamWatch, watchEventStream } from './event-stream.ts';
import type { HeldMessages } from './held-messages.ts';
import { AnswerTooLargeError, NotAMessageError, quote, readRefusal } from './http-answer-errors.ts';
import { readMessages } from './read-message.ts';

export interface ExchangeSettings {
  readonly held: HeldMessages;
  readonly watch: EventStreamWatch;
  readonly maxMessageBytes?: number | undefined;
  /** Told where an event stream can be resumed from. */
  readonly onEventId?: ((id: string) => void) | undefined;
}

/**
 * The answer as the SDK's transport shall see it: stand-ins for the messages.
 * @throws HttpStatusError, NotAMessageError, AnswerTooLargeError
 */
export async function readPostAnswer(
  response: Response,
  request: { readonly body: unknown; readonly hadSession: boolean; readonly isModern?: boolean },
  settings: ExchangeSettings,
): Promise<Response> {
  if (!response.ok) {
    const failure = request.isModern ? await readFailure(response, request.body, settings) : undefined;
    if (failure) return failure;
    throw await readRefusal(response, request);
  }
  // Only a request has an answer in the body; what comes back for anything else is of no interest.
  if (response.status === 202 || !isRequest(request.body)) return response;
  const type = mediaType(response);
  if (type === 'text/event-stream' && response.body) {
    return watched(response, response.body, settings, requestIdOf(request.body));
  }
  const whole = await readWhole(response, settings.maxMessageBytes ?? defaultMaxLineBytes);
  const text = whole.toString('utf8');
  const messages = answered(readMessages(text) ?? [], requestIdOf(request.body));
  if (!messages) throw new NotAMessageError(type, quote(text));
  settings.watch.delivered();
  const standIns = messages.map((message) => settings.held.hold(message, whole.length).standIn);
  const body = standIns.length === 1 ? standIns[0] : `[${standIns.join(',')}]`;
  return new Response(body ?? null, { status: 200, headers: answerHeaders(response, 'application/json') });
}

/**
 * The messages of a body that ends with the answer to its request (2025-11-25, Streamable HTTP, Sending Messages 5): an
 * error that names no request is meant for this one. Undefined where none of them is the answer; no other will come.
 */
function answered(messages: readonly JsonRpcMessage[], id: RequestId | undefined): JsonRpcMessage[] | undefined {
  const named = messages.map((message) =>
    id !== undefined && 'error' in message && message.id === null ? { ...message, id } : message,
  );
  return named.some((message) => !('method' in message) && String(message.id) === String(id)) ? named : undefined;
}

/**
 * Since 2026-07-28 an error answer comes with a status of its own: 400, 404 (Streamable HTTP, Request Metadata). One that
 * names another request, or none, answers nothing: it is the refusal of this one. 401 and 403 are about the login.
 */
async function readFailure(
  response: Response,
  body: unknown,
  settings: ExchangeSettings,
): Promise<Response | undefined> {
  if (response.status === 401 || response.status === 403 || mediaType(response) !== 'application/json')
    return undefined;
  const whole = await readWhole(response.clone(), settings.maxMessageBytes ?? defaultMaxLineBytes);
  const [message] = readMessages(whole.toString('utf8')) ?? [];
  if (!message || !('error' in message) || message.id !== requestIdOf(body)) return undefined;
  await response.body?.cancel();
  const { standIn } = settings.held.hold(message, whole.length);
  return new Response(standIn, { status: 200, headers: answerHeaders(response, 'application/json') });
}

/** The same answer with stand-ins for the messages of its event stream. */
export function watched(
  response: Response,
  body: ReadableStream<Uint8Array>,
  { held, watch, maxMessageBytes, onEventId }: ExchangeSettings,
  answering?: RequestId,
): Response {
  const stream = watchEventStream(body, held, watch, {
    maxMessageBytes,
    onEventId,
    ...(answering !== undefined && { answering }),
  });
  return new Response(stream, { status: 200, headers: answerHeaders(response, 'text/event-stream') });
}

export function mediaType(response: Response): string | undefined {
  return response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
}

/** Lengths and encodings of the body that was replaced must not be believed of the new one. */
function answerHeaders(response: Response, contentType: string): Headers {
  const headers = new Headers(response.headers);
  headers.delete('content-length');
  headers.delete('content-encoding');
  headers.set('content-type', contentType);
  return headers;
}

function isRequest(body: unknown): boolean {
  return requestIdOf(body) !== undefined;
}

/** The SDK serialises messages as the peer builds them: `jsonrpc`, `id`, `method`. */
function requestIdOf(body: unknown): RequestId | undefined {
  if (typeof body !== 'string') return undefined;
  const [, id] = /^\{"jsonrpc":"2\.0","id":(\d+|"(?:[^"\\]|\\.)*"),"method":/.exec(body) ?? [];
  return id === undefined ? undefined : (JSON.parse(id) as RequestId);
}

async function readWhole(response: Response, maxBytes: number): Promise<Buffer> {
  if (!response.body) return Buffer.alloc(0);
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body) {
    size += part.length;
    if (size > maxBytes) throw new AnswerTooLargeError(size);
    parts.push(part);
  }
  return Buffer.concat(parts, size);
}
