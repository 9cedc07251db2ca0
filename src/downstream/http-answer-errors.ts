// Owns the errors that an HTTP answer stands for when it carries no message. They pass through the SDK untouched.

const quotedCharacters = 200;
const readBytes = 4096;

/** What is known of a refusal besides its status and words. */
export interface RefusalDetails {
  /** The code, where the body is a JSON-RPC error. */
  readonly rpcCode?: number | undefined;
  /** The request was one of revision 2026-07-28. */
  readonly isModern?: boolean | undefined;
}

/** An HTTP answer with another status than 2xx, to a request that carries messages or opens an event stream. */
export class HttpStatusError extends Error {
  readonly status: number;
  /** The first 200 characters, on one line; empty where there was none. */
  readonly body: string;
  /** The request named a session. */
  readonly hadSession: boolean;
  readonly rpcCode: number | undefined;
  readonly isModern: boolean;

  constructor(status: number, body: string, hadSession: boolean, { rpcCode, isModern = false }: RefusalDetails = {}) {
    super(body === '' ? `HTTP ${status}` : `HTTP ${status}: ${body}`);
    this.name = 'HttpStatusError';
    this.status = status;
    this.body = body;
    this.hadSession = hadSession;
    this.rpcCode = rpcCode;
    this.isModern = isModern;
  }
}

/** A successful HTTP answer that carries no JSON-RPC: a login page, a proxy's greeting, half a document. */
export class NotAMessageError extends Error {
  readonly contentType: string | undefined;
  readonly body: string;

  constructor(contentType: string | undefined, body: string) {
    super(`the answer is no JSON-RPC (content type ${contentType ?? 'missing'}): ${body}`);
    this.name = 'NotAMessageError';
    this.contentType = contentType;
    this.body = body;
  }
}

/** An answer over the limit of one message. */
export class AnswerTooLargeError extends Error {
  /** Bytes read until it was given up. */
  readonly size: number;

  constructor(size: number) {
    super(`the answer has more than ${size} bytes`);
    this.name = 'AnswerTooLargeError';
    this.size = size;
  }
}

export function quote(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, quotedCharacters);
}

/** The beginning of a body for quoting; the rest is not waited for. */
export async function quotedBody(response: Response): Promise<string> {
  return quote(await bodyStart(response));
}

/** The error that a refused request ends with. */
export async function readRefusal(
  response: Response,
  request: { readonly hadSession: boolean; readonly isModern?: boolean | undefined },
): Promise<HttpStatusError> {
  const text = await bodyStart(response);
  const { hadSession, isModern } = request;
  return new HttpStatusError(response.status, quote(text), hadSession, { rpcCode: rpcCodeOf(text), isModern });
}

/** Such an error need not have an id (2026-07-28, Streamable HTTP, Sending Messages 5). */
function rpcCodeOf(text: string): number | undefined {
  try {
    const { jsonrpc, error } = JSON.parse(text) as { jsonrpc?: unknown; error?: { code?: unknown } | null };
    return jsonrpc === '2.0' && typeof error?.code === 'number' ? error.code : undefined;
  } catch {
    // No JSON, or no object: words for humans.
    return undefined;
  }
}

async function bodyStart(response: Response): Promise<string> {
  if (!response.body) return '';
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const part of response.body) {
      parts.push(part);
      size += part.length;
      if (size >= readBytes) break;
    }
  } catch {
    // A body that breaks off: what came before it is quoted.
  }
  return Buffer.concat(parts).toString('utf8');
}
