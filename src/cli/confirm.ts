// Owns one yes-or-no question at a terminal; anything but a yes is a no.
import { createInterface } from 'node:readline';
import type { CliContext } from './context.ts';

export async function confirm(context: Pick<CliContext, 'stdin' | 'stderr'>, question: string): Promise<boolean> {
  const prompt = createInterface({ input: context.stdin, output: context.stderr, terminal: false });
  try {
    const answer = await new Promise<string>((resolve) => {
      prompt.once('close', () => resolve(''));
      prompt.once('line', resolve);
      context.stderr.write(`${question} [y/N] `);
    });
    return /^\s*y(?:es)?\s*$/i.test(answer);
  } finally {
    prompt.close();
    context.stdin.pause();
  }
}
