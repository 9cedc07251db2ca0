// Owns where the passphrase of an export comes from: a file, a variable, or a human; never the command line itself, which
// every process of the machine can read.
import type { Readable } from 'node:stream';
import { GatewayError } from '../errors.ts';
import { Secret } from '../lib/secret.ts';
import { readInput } from './bounded-input.ts';
import { type HiddenPrompt, openHiddenPrompt, type Terminal } from './hidden-prompt.ts';

export interface PassphraseWish {
  /** `--passphrase-file`; stands above the variable. */
  readonly file: string | undefined;
  /** A new one is asked for twice, and has to be long enough. */
  readonly isNew: boolean;
  /** The terminal is not there for questions where stdin brings the file itself. */
  readonly mayAsk: boolean;
}

export interface PassphraseContext extends Terminal {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable & Terminal['stdin'];
}

const variable = 'GATEWAY_EXPORT_PASSPHRASE';
/** Characters. */
const minLength = 12;
/** How often a human may mistype. */
const tries = 3;
/** Bytes. */
const maxFile = 64 * 1024;

/** @throws GatewayError INVALID_ARGUMENTS, CANCELLED */
export async function readPassphrase(context: PassphraseContext, wish: PassphraseWish): Promise<Secret> {
  const { env } = context;
  if (wish.file !== undefined) {
    return accepted(await readInput(context, wish.file, maxFile), wish, `the passphrase file ${wish.file}`);
  }
  const given = env[variable];
  if (given !== undefined) return accepted(given, wish, variable);
  if (!wish.mayAsk || !context.stdin.isTTY) {
    throw new GatewayError('INVALID_ARGUMENTS', 'there is no passphrase, and no terminal to ask for it', {
      hint: `Set ${variable}, or name a file with --passphrase-file.`,
    });
  }
  const prompt = openHiddenPrompt(context);
  try {
    return await asked(context, prompt, wish);
  } finally {
    prompt.close();
  }
}

async function asked(context: PassphraseContext, prompt: HiddenPrompt, { isNew }: PassphraseWish): Promise<Secret> {
  for (let left = tries; left > 0; left--) {
    const first = (await prompt.ask(isNew ? `Passphrase (${minLength} characters or more): ` : 'Passphrase: ')).trim();
    const problem = first === '' ? 'It is empty.' : isNew ? shortness(first) : undefined;
    if (problem !== undefined) context.stderr.write(`${problem}\n`);
    else if (!isNew || (await prompt.ask('Once more: ')).trim() === first) return new Secret(first);
    else context.stderr.write('These two differ.\n');
  }
  throw new GatewayError('INVALID_ARGUMENTS', 'no passphrase was chosen', { hint: 'Nothing was written.' });
}

/** Space around it does not count: files end in a line break. */
function accepted(text: string, { isNew }: PassphraseWish, from: string): Secret {
  const given = text.trim();
  if (given === '') throw new GatewayError('INVALID_ARGUMENTS', `${from} is empty`);
  const problem = isNew ? shortness(given) : undefined;
  if (problem !== undefined) {
    throw new GatewayError('INVALID_ARGUMENTS', `${from} is shorter than ${minLength} characters`, {
      hint: 'Whoever finds the file can try passphrases as fast as they like.',
    });
  }
  return new Secret(given);
}

function shortness(text: string): string | undefined {
  return [...text].length < minLength ? `It is shorter than ${minLength} characters.` : undefined;
}
