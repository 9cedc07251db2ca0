// Owns which key each token in use is bound to (RFC 9449), so that nonces outlive a refresh; knows nothing of requests.
import type { DpopKey } from './dpop.ts';
import { openDpopKey } from './dpop.ts';
import type { LoginRecord } from './token-store.ts';

/** A token that was just replaced may still be on its way into a request. */
const rememberedTokens = 4;

export class BoundKeys {
  readonly #now: () => number;
  readonly #byToken = new Map<string, DpopKey>();

  constructor(now: () => number) {
    this.#now = now;
  }

  of(token: string): DpopKey | undefined {
    return this.#byToken.get(token);
  }

  remember({ tokens, dpop_key: saved }: LoginRecord): void {
    if (!tokens || !saved) return;
    const same = [...this.#byToken.values()].find((key) => JSON.stringify(key.saved) === JSON.stringify(saved));
    this.#byToken.delete(tokens.access_token);
    this.#byToken.set(tokens.access_token, same ?? openDpopKey(saved, this.#now));
    for (const token of [...this.#byToken.keys()].slice(0, -rememberedTokens)) this.#byToken.delete(token);
  }
}
