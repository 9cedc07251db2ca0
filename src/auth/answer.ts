// Owns an answer of a server as plain data, so that it can be judged without a network; and how it is quoted.

export interface Answer {
  readonly status: number;
  readonly text: string;
  /** The body, where it is a JSON object. */
  readonly json?: Readonly<Record<string, unknown>>;
  /** `Retry-After` (RFC 9110 section 10.2.3) as it came. */
  readonly retryAfter?: string;
}

/** How much of a foreign text a sentence may hold. Characters. */
const quoteLength = 200;

export async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  const json = parseObject(text);
  const retryAfter = response.headers.get('retry-after');
  return {
    status: response.status,
    text,
    ...(json && { json }),
    ...(retryAfter !== null && { retryAfter }),
  };
}

/** The object that a JSON text stands for; undefined for everything else. The content type is not asked: it is often wrong. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    // HTML, plain text, half a document: no object.
    return undefined;
  }
}

/** Foreign text as part of our sentence: cut, control characters visible, known secrets taken out. */
export function quoteForeign(text: string, secrets: readonly (string | undefined)[] = []): string {
  let shown = text.trim();
  for (const secret of secrets) {
    if (secret) shown = shown.replaceAll(secret, '[secret]');
  }
  return JSON.stringify(shown.length > quoteLength ? `${shown.slice(0, quoteLength)}…` : shown);
}

/** A non-empty string member. */
export function stringMember(json: Readonly<Record<string, unknown>> | undefined, name: string): string | undefined {
  const value = json?.[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The strings of a list member; undefined where there is no list. */
export function stringsMember(
  json: Readonly<Record<string, unknown>> | undefined,
  name: string,
): readonly string[] | undefined {
  const value = json?.[name];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : undefined;
}

/** A number, also one written as a string: several servers answer `"expires_in": "3600"`. */
export function numberMember(json: Readonly<Record<string, unknown>> | undefined, name: string): number | undefined {
  const value = json?.[name];
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : undefined;
}
