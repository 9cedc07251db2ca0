// Owns how a call asks for a list of what one server has.
import type { ToolInput } from './tool-input.ts';

export interface ListQuery {
  readonly agentId: string | undefined;
  readonly server: string;
  readonly pattern: string | undefined;
  readonly cursor: string | undefined;
}

/** @throws InputError */
export function listQuery(input: ToolInput): ListQuery {
  return {
    agentId: input.text('agent_id'),
    server: input.required('server'),
    pattern: input.text('pattern'),
    cursor: input.text('cursor'),
  };
}
