// Which process has a port, by what each system says.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { pid, platform } from 'node:process';
import { expect, test } from 'vitest';
import { listeningSockets, ownerInNetstat, portOwner } from '../../src/lib/port-owner.ts';

test.skipIf(platform !== 'linux')('a port of ours is ours, and a free one is nobody’s', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  expect(await portOwner(port)).toBe(pid);
  server.close();
  await once(server, 'close');
  expect(await portOwner(port)).toBeUndefined();
});

test('only sockets that listen count, not the connections of that port', () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:82A2 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100 0 0 10 0
   1: 0100007F:82A2 0100007F:9999 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1 0 100 0 0 10 0
   2: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4713 1 0 100 0 0 10 0`;
  expect(listeningSockets(table, 33_442)).toEqual(['socket:[4711]']);
});

test('netstat is understood in any language', () => {
  const text = `
Aktive Verbindungen

  Proto  Lokale Adresse         Remoteadresse          Status           PID
  TCP    0.0.0.0:135            0.0.0.0:0              ABHÖREN          1040
  TCP    127.0.0.1:33418        127.0.0.1:50123        HERGESTELLT      7
  TCP    127.0.0.1:33418        0.0.0.0:0              ABHÖREN          4242\r`;
  expect(ownerInNetstat(text, 33_418)).toBe(4242);
  expect(ownerInNetstat(text, 3341)).toBeUndefined();
});
