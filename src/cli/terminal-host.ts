// Owns the host of a call made from the command line: progress becomes a line, an interrupt a cancellation.
import type { Host } from '../compose.ts';
import type { CliContext } from './context.ts';
import type { Output } from './output.ts';

export function createTerminalHost(context: CliContext, output: Output): Host {
  const controller = new AbortController();
  context.onEnd(() => controller.abort(new Error('interrupted')));
  return {
    requestId: 'cli',
    signal: controller.signal,
    // A question of a server would need a form; it hears that there is none.
    capabilities: {},
    meta: {},
    takesQuestions: false,
    ask: (method) => Promise.reject(new Error(`${method} cannot be answered on the command line`)),
    notify: () => undefined,
    progress({ progress, total, message }) {
      const amount = typeof total === 'number' ? `${String(progress)}/${total}` : '';
      const text = [amount, typeof message === 'string' ? message : ''].filter(Boolean).join(' ');
      if (text !== '') output.line(text);
    },
    // The progress of the call shows the URL already.
    offerUrl: () => undefined,
  };
}
