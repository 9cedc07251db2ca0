// Owns what one line of the audit log says; holds no argument values and no tokens, and knows nothing of files.
import { hash } from 'node:crypto';

export type AuditDecision = 'ALLOW' | 'DENY' | 'ERROR' | 'TIMEOUT' | 'CANCELLED';

/** One meta-tool call. Every key is always there, in this order; null where the call had no such thing. */
export interface AuditRecord {
  /** ISO 8601, UTC. */
  readonly timestamp: string;
  readonly agent_id: string | null;
  /** The name of the meta tool. */
  readonly operation: string;
  readonly server: string | null;
  readonly tool: string | null;
  readonly decision: AuditDecision;
  /** The rule that decided, by its place in the rules file. */
  readonly rule: string | null;
  readonly error_code: string | null;
  readonly latency_ms: number;
  /** Of the canonical JSON of the downstream arguments; null where the call had none. */
  readonly args_sha256: string | null;
  /** Size of the answer as JSON, in bytes. */
  readonly result_bytes: number | null;
  /** The JSON-RPC id of the call. */
  readonly request_id: string | number | null;
}

/** A call as it ended. Hash and text are made of it later, off the call's path. */
export type AuditEntry = Omit<AuditRecord, 'timestamp' | 'args_sha256'> & {
  /** When the call began, epoch milliseconds. */
  readonly at: number;
  /** The downstream arguments; absent where the call has none. */
  readonly args?: unknown;
};

/** One line without its newline. */
export function auditLine(entry: AuditEntry): string {
  const { at, agent_id, operation, server, tool, decision, rule, error_code, latency_ms, args } = entry;
  const record: AuditRecord = {
    timestamp: new Date(at).toISOString(),
    agent_id,
    operation,
    server,
    tool,
    decision,
    rule,
    error_code,
    latency_ms,
    args_sha256: args === undefined ? null : sha256OfArgs(args),
    result_bytes: entry.result_bytes,
    request_id: entry.request_id,
  };
  return JSON.stringify(record);
}

/** Deeper arguments count as equal below this: hashing must never fail a call. */
const maxDepth = 500;

/**
 * Hex SHA-256 over canonical JSON (RFC 8785: members sorted, no spaces), so that equal arguments have equal hashes
 * whatever the order of their members. No arguments count as an empty object.
 */
export function sha256OfArgs(args: unknown): string {
  return hash('sha256', canonicalJson(args ?? {}, 0), 'hex');
}

function canonicalJson(value: unknown, depth: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (depth === maxDepth) return '"…"';
  if (Array.isArray(value)) return `[${value.map((member) => canonicalJson(member, depth + 1)).join(',')}]`;
  const members = value as Readonly<Record<string, unknown>>;
  const parts: string[] = [];
  for (const key of Object.keys(members).sort()) {
    const member = members[key];
    if (member !== undefined) parts.push(`${JSON.stringify(key)}:${canonicalJson(member, depth + 1)}`);
  }
  return `{${parts.join(',')}}`;
}
