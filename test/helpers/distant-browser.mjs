// Owns a browser at another machine: it logs in and approves, and prints the address of the callback that it cannot reach.
import { argv, stdout } from 'node:process';
import { approve } from '../../fixtures/http/approve.mjs';

const { url } = await approve(argv[2] ?? '', { visitCallback: false });
stdout.write(`${url}\n`);
