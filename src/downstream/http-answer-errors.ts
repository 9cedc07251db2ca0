// Owns the errors that an HTTP answer stands for when it carries no message. They pass through the SDK untouched.

const quotedCharacters = 200;
const readBytes = 4096;

/** An HTTP answer with another status than 2xx, to a request that carries messages or opens an event stream. */
export class HttpStatusError extends Error {
  readonly status: number;
  /** The first 200 characters, on one line; empty where there was none. */
  readonly body: string;
  /** The request named a session. */
  readonly hadSession: boolean;

  constructor(status: number, body: string, hadSession: boolean) {
    super(body === '' ? `HTTP ${status}` : `HTTP ${status}: ${body}`);
    this.name = 'HttpStatusError';
    this.status = status;
    this.body = body;
    this.hadSession = hadSession;
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
  return quote(Buffer.concat(parts).toString('utf8'));
}
