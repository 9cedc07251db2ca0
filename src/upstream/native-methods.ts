// Owns the requests about resources, prompts and completion of hosts that see those of servers as the gateway's own: what
// a result needs besides in each revision, and the resources that somebody listens to.
import type { Gateway } from '../gateway/gateway.ts';
import type { Host } from '../gateway/host.ts';
import { type NativeMethod, nativeMethods } from '../gateway/native-uses.ts';
import type { Members } from '../lib/members.ts';
import { asRpcError } from './present.ts';

/** In 2026-07-28 resources are followed by `subscriptions/listen` alone. */
const legacyMethods: ReadonlySet<string> = new Set(['resources/subscribe', 'resources/unsubscribe']);

export function isNativeMethod(method: string): method is NativeMethod {
  return (nativeMethods as readonly string[]).includes(method);
}

export function isModernNativeMethod(method: string): method is NativeMethod {
  return isNativeMethod(method) && !legacyMethods.has(method);
}

/** @throws RpcError the server's own error answer as it came, or ours */
export async function nativeResult(
  gateway: Promise<Gateway>,
  { method, params }: { readonly method: NativeMethod; readonly params: Members },
  host: Host,
): Promise<Members> {
  try {
    return await (await gateway).native.request(method, params, host);
  } catch (error) {
    throw asRpcError(error);
  }
}

/** What lists and reads have to say of keeping them (2026-07-28, server/utilities/caching), unless the server said it. */
export function withCacheHints(method: NativeMethod, result: Members): Members {
  if (method === 'prompts/get' || method === 'completion/complete') return result;
  if (result['resultType'] !== undefined && result['resultType'] !== 'complete') return result;
  return { resultType: 'complete', ttlMs: 0, cacheScope: 'private', ...result };
}
