// Owns reading a file or stdin whole, up to a limit; knows nothing of what is in it.
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { GatewayError } from '../errors.ts';

/** `-` is stdin. `limit`: bytes. @throws GatewayError INVALID_ARGUMENTS where it cannot be read, or is larger */
export async function readInput(
  { cwd, stdin }: { readonly cwd: string; readonly stdin: Readable },
  path: string,
  limit: number,
): Promise<string> {
  const name = path === '-' ? 'stdin' : path;
  const stream: Readable = path === '-' ? stdin : createReadStream(resolve(cwd, path));
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer | string>) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      size += bytes.length;
      if (size > limit) throw tooLarge(name, limit);
      chunks.push(bytes);
    }
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new GatewayError('INVALID_ARGUMENTS', `${name} cannot be read (${code})`, { cause: error });
  }
  return Buffer.concat(chunks).toString('utf8');
}

function tooLarge(name: string, limit: number): GatewayError {
  return new GatewayError('INVALID_ARGUMENTS', `${name} is larger than ${limit} bytes`);
}
