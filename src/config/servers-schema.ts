// Owns the keys of one entry in `mcpServers` and what their values may be; knows nothing of files or environment.
import * as z from 'zod/mini';
import { url } from './oauth-schema.ts';
import { hasControlCharacters, hasNul, isHeaderName, isHeaderValue, isObject, maxTimeoutMs } from './value-checks.ts';

export const transportNames = ['stdio', 'http', 'streamable-http', 'sse'] as const;

/** Pinning one of these is possible; the last has another wire format. */
export const protocolRevisions = [
  '2024-10-07',
  '2024-11-05',
  '2025-03-26',
  '2025-06-18',
  '2025-11-25',
  '2026-07-28',
] as const;

const withoutNul = z.string().check(z.refine((text) => !hasNul(text), 'must not hold a NUL character'));
const filledWithoutNul = withoutNul.check(z.minLength(1));
const timeout = z.int().check(z.minimum(1), z.maximum(maxTimeoutMs));

/** Every page of a result shall hold something. */
const minResultBytes = 1024;

const shared = {
  type: z.optional(z.enum(transportNames)),
  transport: z.optional(z.enum(transportNames)),
  description: z.optional(z.string()),
  disabled: z.optional(z.boolean()),
  profile: z.optional(
    z.string().check(
      z.minLength(1),
      z.refine((text) => !hasControlCharacters(text), 'must not hold line breaks'),
    ),
  ),
  timeoutMs: z.optional(timeout),
  totalTimeoutMs: z.optional(timeout),
  connectTimeoutMs: z.optional(timeout),
  idleTimeoutMs: z.optional(timeout),
  maxResultBytes: z.optional(z.int().check(z.minimum(minResultBytes))),
  protocol: z.optional(z.enum(['auto', ...protocolRevisions])),
  expose: z.optional(z.enum(['meta', 'direct'])),
  toolPinning: z.optional(z.enum(['off', 'mark', 'block'])),
};

export const stdioSchema = z.object({
  ...shared,
  command: filledWithoutNul,
  args: z.optional(z.array(withoutNul)),
  env: z.optional(z.record(z.string().check(z.regex(/^[^=\0]+$/, 'is no name of a variable')), withoutNul)),
  cwd: z.optional(filledWithoutNul),
  inheritEnv: z.optional(
    z.custom<true | string[]>(
      (value) => value === true || (Array.isArray(value) && value.every((name) => typeof name === 'string' && name)),
      'must be a list of variable names, or true',
    ),
  ),
});

export const httpSchema = z.object({
  ...shared,
  url,
  headers: z.optional(
    z.record(
      z.string().check(z.refine(isHeaderName, 'is no name of a header')),
      z.string().check(z.refine(isHeaderValue, 'must not hold line breaks or characters outside of Latin-1')),
    ),
  ),
  oauth: z.optional(
    z.custom<Record<string, unknown> | false>(
      (value) => value === false || isObject(value),
      'must be an object, or false',
    ),
  ),
});

export type RawStdio = z.infer<typeof stdioSchema>;
export type RawHttp = z.infer<typeof httpSchema>;

export const stdioKeys: readonly string[] = Object.keys(stdioSchema.shape);
export const httpKeys: readonly string[] = Object.keys(httpSchema.shape);
/** Every key of an entry, each once. */
export const entryKeys: readonly string[] = [...new Set([...stdioKeys, ...httpKeys])];
export const topLevelKeys: readonly string[] = ['mcpServers', 'servers', 'inputs', '$schema'];
