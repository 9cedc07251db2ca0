// Owns the log of a command run by a person: warnings as sentences between the command's own output.
import type { LogPort } from '../lib/log-port.ts';
import { redact } from '../lib/redact.ts';
import type { Output } from './output.ts';

export function createTerminalLog(output: Output): LogPort {
  const say: LogPort['warn'] = ({ server, reason }, message) => {
    const about = typeof server === 'string' ? `${server}: ` : '';
    output.line(redact(`${about}${message}${typeof reason === 'string' ? `: ${reason}` : ''}`));
  };
  return { debug: () => undefined, info: () => undefined, warn: say, error: say };
}
