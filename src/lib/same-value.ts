// Owns whether two plain values are the same, all the way down. Knows nothing of what they mean.
import { Secret } from './secret.ts';

/** The order of members does not count. Secrets are the same where what they hide is, which no other comparison sees. */
export function isSameValue(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (one instanceof Secret || other instanceof Secret) {
    return one instanceof Secret && other instanceof Secret && one.equals(other);
  }
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const [first, second] = [one as Members, other as Members];
  const keys = Object.keys(first);
  return (
    keys.length === Object.keys(second).length &&
    keys.every((key) => Object.hasOwn(second, key) && isSameValue(first[key], second[key]))
  );
}

type Members = Readonly<Record<string, unknown>>;
