// Owns the shape of a meta tool: what `tools/list` says of it, and the use case it leads to.
import type { OperationName } from '../../gateway/audited.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { Host } from '../../gateway/host.ts';
import type { ToolInput } from './tool-input.ts';

/** JSON Schema in the plain subset that every model API takes: no `$ref`, no unions. */
interface PropertySchema {
  readonly type: 'string' | 'boolean' | 'integer' | 'object' | 'array';
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly items?: { readonly type: 'string' };
}

export interface MetaToolDefinition {
  readonly name: OperationName;
  readonly description: string;
  readonly inputSchema: {
    readonly type: 'object';
    readonly properties: Readonly<Record<string, PropertySchema>>;
    readonly required?: readonly string[];
  };
  readonly annotations?: {
    readonly readOnlyHint?: boolean;
    readonly destructiveHint?: boolean;
    readonly openWorldHint?: boolean;
  };
}

/** `own`: a value of ours, still to be put into a `CallToolResult`. `relayed`: a server's `CallToolResult`, as it is. */
export type MetaToolOutcome =
  | { readonly kind: 'own'; readonly value: object }
  | { readonly kind: 'relayed'; readonly result: Readonly<Record<string, unknown>> };

export interface MetaTool {
  readonly definition: MetaToolDefinition;
  run(gateway: Gateway, input: ToolInput, host: Host): Promise<MetaToolOutcome>;
}

export const agentId: PropertySchema = { type: 'string' };
