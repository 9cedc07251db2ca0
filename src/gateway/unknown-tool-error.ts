// Owns the one error of a call that is none of the caller's business to present as a result: there is no such tool.
import { GatewayError } from '../errors.ts';

export class UnknownToolError extends GatewayError {
  constructor(name: string) {
    super('TOOL_NOT_FOUND', `Unknown tool: ${name.slice(0, 80)}`, { tool: name });
    this.name = 'UnknownToolError';
  }
}
