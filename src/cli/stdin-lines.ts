// Owns the lines of stdin for those of one command who read them one after the other: what one of them leaves is there for
// the next. Knows nothing of what they say.
import { createInterface, type Interface } from 'node:readline';
import type { Readable } from 'node:stream';

export interface StdinLines {
  /** Undefined at the end. */
  next(): Promise<string | undefined>;
  /**
   * From now on: lines that came in one go come together, as those of a paste do, and nobody waits for more of them.
   * Returns what ends it.
   */
  listen(listener: (lines: readonly string[]) => void): () => void;
  close(): void;
}

/** Nothing is read before somebody asks, so that prompts can have the terminal until then. */
export function openStdinLines(stdin: Readable): StdinLines {
  const waiting: string[] = [];
  let reader: Interface | undefined;
  let isOver = false;
  let onNews: () => void = () => undefined;
  const open = (): void => {
    if (reader) return;
    reader = createInterface({ input: stdin, terminal: false });
    reader.on('line', (line) => {
      waiting.push(line);
      onNews();
    });
    reader.on('close', () => {
      isOver = true;
      onNews();
    });
  };
  return {
    async next() {
      open();
      while (waiting.length === 0 && !isOver) {
        await new Promise<void>((resolve) => {
          onNews = resolve;
        });
      }
      return waiting.shift();
    },
    listen(listener) {
      let isDue = false;
      const tell = (): void => {
        isDue = false;
        const lines = waiting.splice(0);
        if (lines.length > 0) listener(lines);
      };
      onNews = () => {
        if (isDue || waiting.length === 0) return;
        isDue = true;
        // The lines of a paste are there at once: they are all read by then.
        setImmediate(tell);
      };
      open();
      onNews();
      return () => {
        onNews = () => undefined;
        waiting.length = 0;
      };
    },
    close() {
      reader?.close();
      stdin.pause();
    },
  };
}
