// Owns a browser for GATEWAY_BROWSER whose human approves at once (with --only-note: never); notes each opening, so that tests can count them.
import { appendFileSync } from 'node:fs';
import { argv, env, exit } from 'node:process';
import { approve } from '../../fixtures/http/approve.mjs';

const url = argv.at(-1) ?? '';
// One write per line: several browsers may be noting at once.
if (env['PORTICO_TEST_OPENINGS'] !== undefined) appendFileSync(env['PORTICO_TEST_OPENINGS'], `${url}\n`);
if (argv.includes('--only-note')) exit(0);
const { status } = await approve(url);
exit(status === 200 ? 0 : 1);
