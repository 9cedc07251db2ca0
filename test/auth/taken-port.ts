// Owns a loopback port that another program listens on.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TakenPort {
  readonly port: number;
  free(): Promise<void>;
}

/** Any free port, or that one. */
export async function takePort(port = 0): Promise<TakenPort> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async free() {
      server.close();
      await once(server, 'close');
    },
  };
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const taken = await takePort();
  await taken.free();
  return taken.port;
}
