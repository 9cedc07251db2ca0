// Owns how much chaos there is: the whole, or a part of it where there is no time for more.
import { env } from 'node:process';

/** `PORTICO_CHAOS_SCALE`: 1 (default) for what is promised, 0.1 for a look. */
export const scale = Number(env['PORTICO_CHAOS_SCALE'] ?? '1');
