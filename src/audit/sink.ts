// Owns the interface of whatever keeps audit records, and the one that keeps none; knows nothing of files.
import type { AuditEntry } from './record.ts';

export interface AuditSink {
  /** Returns at once and never throws: an audit log that cannot be written stops no call. */
  write(entry: AuditEntry): void;
  /** Resolves when everything written before is kept, or given up. Later records are dropped. */
  close(): Promise<void>;
}

/** For `GATEWAY_AUDIT_LOG=off`. */
export const silentSink: AuditSink = Object.freeze({
  write: () => undefined,
  close: () => Promise.resolve(),
});
