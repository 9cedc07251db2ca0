// Every kind of host × every kind of server × everything that MCP can express: what a host sees through the gateway is what
// it sees without one. Where no such host can speak to such a server, a host of the server's era is the yardstick.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exchanges, type Seen, seenOf } from './matrix/exchanges.ts';
import { type HostKind, hostKinds } from './matrix/host.ts';
import { Matrix, modes } from './matrix/matrix.ts';
import { normalised } from './matrix/normalise.ts';
import { missing, type ServerName, serverNames, vocabularyOf } from './matrix/vocabulary.ts';

const matrix = new Matrix();
beforeAll(() => matrix.open());
afterAll(() => matrix.close());

const yardsticks = new Map<string, Promise<Seen>>();

/** The same exchange without the gateway. */
function yardstick(kind: HostKind, server: ServerName, name: string): Promise<Seen> {
  const host = matrix.yardstickHost(kind, server);
  const key = [host, server, name].join();
  const found = yardsticks.get(key) ?? directly(host, server, name);
  yardsticks.set(key, found);
  return found;
}

async function directly(host: HostKind, server: ServerName, name: string): Promise<Seen> {
  const exchange = exchangeOf(name);
  const seen = await seenOf(exchange, await matrix.straight(host, server), vocabularyOf(server));
  if (!exchange.proves(seen)) throw new Error(`without the gateway ${name} shows nothing: ${JSON.stringify(seen)}`);
  return seen;
}

function exchangeOf(name: string) {
  const exchange = exchanges[name];
  if (!exchange) throw new Error(`no exchange ${name}`);
  return exchange;
}

/** There they are the host's own lists, of all servers at once: the conformance suite looks at them. */
const notInDirectMode: readonly string[] = ['resource', 'prompt', 'question of a resource', 'question of a prompt'];

describe.each(modes)('by %s', (mode) => {
  describe.each(hostKinds)('%s', (kind) => {
    describe.each(serverNames)('× %s', (server) => {
      const names = Object.keys(exchanges)
        .filter((name) => !missing[server]?.[name])
        .filter((name) => mode === 'meta tools' || !notInDirectMode.includes(name));

      for (const name of names) {
        test(name, async () => {
          const expected = await yardstick(kind, server, name);
          const seen = await seenOf(exchangeOf(name), await matrix.through(kind, mode, server), vocabularyOf(server));
          expect(normalised(seen, kind, server)).toEqual(normalised(expected, kind, server));
        });
      }
    });
  });
});

test.each(hostKinds)(
  'toward a %s the gateway speaks to each server in the newest revision it knows, or in the pinned one',
  async (kind) => {
    expect(await matrix.revisions(kind)).toEqual({
      'sdk1-stdio': '2025-11-25',
      'sdk1-http': '2025-11-25',
      'sdk2-stdio': '2026-07-28',
      'sdk2-pinned': '2025-11-25',
      'sdk2-http': '2026-07-28',
      everything: '2025-11-25',
    });
  },
);

test('the table of missing cells names only exchanges for which a server has no words, and all of them', () => {
  for (const server of serverNames) {
    const words = vocabularyOf(server);
    const wordless = Object.keys(exchanges).filter((name) => words[exchangeOf(name).needs] === undefined);
    expect(Object.keys(missing[server] ?? {})).toEqual(wordless);
  }
});
