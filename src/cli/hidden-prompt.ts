// Owns one question at a terminal whose answer does not appear on it; knows nothing of what is asked.
import type { Readable, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { GatewayError } from '../errors.ts';

export interface Terminal {
  readonly stdin: Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown };
  readonly stderr: Writable;
}

export interface HiddenPrompt {
  /** @throws GatewayError CANCELLED at Ctrl-C, or where the terminal goes away */
  ask(question: string): Promise<string>;
  close(): void;
}

const enter = /[\r\n]/;
const interrupt = '\u0003';
const endOfInput = '\u0004';
const wholeLine = '\u0015';
const backspaces: ReadonlySet<string> = new Set(['\b', '\u007f']);

/** What is typed ahead is the answer to the next question. */
export function openHiddenPrompt({ stdin, stderr }: Terminal): HiddenPrompt {
  const decoder = new StringDecoder('utf8');
  let ahead = '';
  stdin.setRawMode?.(true);
  const typed = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const settle = (): void => {
        stdin.off('data', onData).off('end', onEnd).off('error', onEnd).pause();
      };
      const onEnd = (): void => {
        settle();
        reject(cancelled());
      };
      const onData = (chunk: Buffer | string): void => {
        settle();
        resolve(typeof chunk === 'string' ? chunk : decoder.write(chunk));
      };
      if (stdin.readableEnded || stdin.destroyed) onEnd();
      else stdin.on('data', onData).on('end', onEnd).on('error', onEnd).resume();
    });
  return {
    async ask(question) {
      stderr.write(question);
      let answer = '';
      for (;;) {
        if (ahead === '') ahead = withoutKeys(await typed());
        const [character = ''] = ahead;
        ahead = ahead.slice(character.length);
        if (enter.test(character)) {
          if (character === '\r' && ahead.startsWith('\n')) ahead = ahead.slice(1);
          stderr.write('\n');
          return answer;
        }
        if (character === interrupt || character === endOfInput) {
          stderr.write('\n');
          throw cancelled();
        }
        answer = changed(answer, character);
      }
    },
    close() {
      stdin.setRawMode?.(false);
      stdin.pause();
    },
  };
}

function changed(answer: string, character: string): string {
  if (character === wholeLine) return '';
  if (backspaces.has(character)) return [...answer].slice(0, -1).join('');
  return character < ' ' ? answer : answer + character;
}

/** Arrows and the like are no characters. */
function withoutKeys(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what keys send
  return text.replace(/\u001b(?:\[[0-9;]*[ -/]*[@-~]|O.|.)?/g, '');
}

function cancelled(): GatewayError {
  return new GatewayError('CANCELLED', 'no passphrase was given');
}
