// Owns logins that live as long as the process; every reader gets a copy of its own.
import { orAborted } from '../lib/or-aborted.ts';
import { mergeUnknown } from './login-record.ts';
import type { LoginRecord, TokenStore } from './token-store.ts';

export function createMemoryTokenStore(): TokenStore {
  const records = new Map<string, LoginRecord>();
  /** The end of the queue of each key's lock. */
  const queues = new Map<string, Promise<unknown>>();
  return {
    async read(key) {
      return structuredClone(records.get(key));
    },
    async write(key, record) {
      records.set(key, structuredClone(mergeUnknown(record, records.get(key))));
    },
    async delete(key) {
      records.delete(key);
    },
    async withLock(key, work, options) {
      const before = queues.get(key);
      let leave: () => void = () => undefined;
      const left = new Promise<void>((resolve) => {
        leave = resolve;
      });
      const tail = Promise.resolve(before).then(() => left);
      queues.set(key, tail);
      try {
        await orAborted(Promise.resolve(before), options?.signal);
        return await work();
      } finally {
        leave();
        if (queues.get(key) === tail) queues.delete(key);
      }
    },
  };
}
