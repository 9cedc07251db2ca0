// Owns the keys of one entry in `mcpServers` and what their values may be; knows nothing of files or environment.
import { z } from 'zod';
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

const withoutNul = z.string().refine((text) => !hasNul(text), 'must not hold a NUL character');
const filledWithoutNul = withoutNul.refine((text) => text !== '', 'must not be empty');
const timeout = z.int().min(1).max(maxTimeoutMs);

/** Every page of a result shall hold something. */
const minResultBytes = 1024;

const shared = {
  type: z.enum(transportNames).optional(),
  transport: z.enum(transportNames).optional(),
  description: z.string().optional(),
  disabled: z.boolean().optional(),
  profile: z
    .string()
    .min(1)
    .refine((text) => !hasControlCharacters(text), 'must not hold line breaks')
    .optional(),
  timeoutMs: timeout.optional(),
  totalTimeoutMs: timeout.optional(),
  connectTimeoutMs: timeout.optional(),
  idleTimeoutMs: timeout.optional(),
  maxResultBytes: z.int().min(minResultBytes).optional(),
  protocol: z.enum(['auto', ...protocolRevisions]).optional(),
  expose: z.enum(['meta', 'direct']).optional(),
  toolPinning: z.enum(['off', 'mark', 'block']).optional(),
};

export const stdioSchema = z.object({
  ...shared,
  command: filledWithoutNul,
  args: z.array(withoutNul).optional(),
  env: z.record(z.string().regex(/^[^=\0]+$/, 'is no name of a variable'), withoutNul).optional(),
  cwd: filledWithoutNul.optional(),
  inheritEnv: z
    .custom<true | string[]>(
      (value) => value === true || (Array.isArray(value) && value.every((name) => typeof name === 'string' && name)),
      'must be a list of variable names, or true',
    )
    .optional(),
});

export const httpSchema = z.object({
  ...shared,
  url,
  headers: z
    .record(
      z.string().refine(isHeaderName, 'is no name of a header'),
      z.string().refine(isHeaderValue, 'must not hold line breaks or characters outside of Latin-1'),
    )
    .optional(),
  oauth: z
    .custom<Record<string, unknown> | false>(
      (value) => value === false || isObject(value),
      'must be an object, or false',
    )
    .optional(),
});

export type RawStdio = z.infer<typeof stdioSchema>;
export type RawHttp = z.infer<typeof httpSchema>;

export const stdioKeys: readonly string[] = Object.keys(stdioSchema.shape);
export const httpKeys: readonly string[] = Object.keys(httpSchema.shape);
/** Every key of an entry, each once. */
export const entryKeys: readonly string[] = [...new Set([...stdioKeys, ...httpKeys])];
export const topLevelKeys: readonly string[] = ['mcpServers', 'servers', 'inputs', '$schema'];
