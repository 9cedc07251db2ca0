// Owns what happens to a login that comes from elsewhere where there may be one already: the newer one stays. Knows
// nothing of where it comes from.
import { nextUpdatedAt, sameLogin } from './login-record.ts';
import { loginKey } from './server-key.ts';
import type { LoginRecord, TokenStore } from './token-store.ts';

export type ImportOutcome =
  | 'imported'
  /** It is here already. */
  | 'same'
  /** The one here is newer, or as new. */
  | 'kept';

/** In the lock of that login: a refresh that is under way ends first, and none is lost. */
export async function importLogin(
  store: TokenStore,
  record: LoginRecord,
  options: { readonly force: boolean },
): Promise<ImportOutcome> {
  const key = loginKey(record.server_url, record.profile);
  return await store.withLock(key, async () => {
    const saved = await store.read(key);
    const outcome = judgeImport(record, saved, options);
    if (outcome === 'imported') {
      // Grows with every save, also where an older login is put over a newer one.
      const updatedAt = saved ? nextUpdatedAt(saved, record.updated_at * 1000) : record.updated_at;
      await store.write(key, { ...record, updated_at: updatedAt });
    }
    return outcome;
  });
}

/** Pure. */
export function judgeImport(
  record: LoginRecord,
  saved: LoginRecord | undefined,
  { force }: { readonly force: boolean },
): ImportOutcome {
  if (!saved) return 'imported';
  if (sameLogin(record, saved)) return 'same';
  // A registration alone is no login: it neither stands in the way of one nor replaces one.
  if (!saved.tokens || !record.tokens) return record.tokens || force ? 'imported' : 'kept';
  return force || isNewer(record, saved) ? 'imported' : 'kept';
}

function isNewer(one: LoginRecord, other: LoginRecord): boolean {
  const [mine, theirs] = [timesOf(one), timesOf(other)];
  const index = mine.findIndex((time, place) => time !== theirs[place]);
  return index !== -1 && (mine[index] ?? 0) > (theirs[index] ?? 0);
}

/** The most telling first. */
function timesOf({ updated_at, tokens }: LoginRecord): readonly number[] {
  return [updated_at, tokens?.issued_at ?? 0, tokens?.expires_at ?? 0];
}
