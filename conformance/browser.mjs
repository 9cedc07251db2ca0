// Owns the browser of a conformance run, for GATEWAY_BROWSER: follows the login URL to the callback at once.
import { argv, exit } from 'node:process';
import { approve } from '../fixtures/http/approve.mjs';

const { status } = await approve(argv.at(-1) ?? '', { signal: AbortSignal.timeout(10_000) });
exit(status === 200 ? 0 : 1);
