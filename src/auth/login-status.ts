// Owns what can be said of a login from what is saved, or from the mark of an open one; pure.
import type { LoginRecord } from './token-store.ts';

export type LoginStatus =
  | { readonly kind: 'none'; readonly warning?: string }
  | { readonly kind: 'pending'; readonly loginUrl: string; readonly userCode?: string; readonly expiresAt: number }
  | {
      readonly kind: 'logged_in';
      readonly account?: string;
      readonly scope?: string;
      /** Of the access token, epoch milliseconds. */
      readonly expiresAt?: number;
      readonly canRefresh: boolean;
      /** Why it, or the next one, cannot be saved, and what mends that. */
      readonly warning?: string;
    }
  | { readonly kind: 'off' };

export function pendingStatus(
  loginUrl: string,
  { userCode, expiresAt }: { readonly userCode?: string | undefined; readonly expiresAt: number },
): LoginStatus {
  return { kind: 'pending', loginUrl, ...(userCode !== undefined && { userCode }), expiresAt };
}

export function statusOfRecord(
  record: LoginRecord | undefined,
  { now, needsNoHuman }: { readonly now: number; readonly needsNoHuman: boolean },
): LoginStatus {
  const tokens = record?.tokens;
  if (!tokens) return { kind: 'none' };
  const canRefresh = needsNoHuman || tokens.refresh_token !== undefined;
  const expiresAt = tokens.expires_at === undefined ? undefined : tokens.expires_at * 1000;
  if (!canRefresh && expiresAt !== undefined && expiresAt <= now) return { kind: 'none' };
  return {
    kind: 'logged_in',
    ...(record.account !== undefined && { account: record.account }),
    ...(tokens.scope !== undefined && { scope: tokens.scope }),
    ...(expiresAt !== undefined && { expiresAt }),
    canRefresh,
  };
}
