// Owns what is exchanged in every cell of the matrix, and what of it is looked at. Knows neither gateway nor SDK.
import { randomUUID } from 'node:crypto';
import type { Json } from '../../helpers/json-rpc-process.ts';
import { type CallOptions, type MatrixHost, plainAnswer, type Question } from './host.ts';
import type { Vocabulary } from './vocabulary.ts';

/** How a host reaches one server: straight, or through the meta tools of a gateway. */
export interface Door {
  readonly host: MatrixHost;
  call(tool: string, args?: object, options?: CallOptions): Promise<Json>;
  resources(): Promise<Json>;
  resource(uri: string): Promise<Json>;
  prompts(): Promise<Json>;
  prompt(name: string, args: Readonly<Record<string, string>>): Promise<Json>;
  /** Whether the server was told that the call of this key is cancelled. */
  cancelled(key: string): Promise<boolean>;
}

/** All that can be seen of one exchange. */
export interface Seen {
  readonly result: Json;
  readonly questions: readonly Question[];
  readonly progress: readonly Json[];
  readonly logs: readonly Json[];
  readonly cancelled?: boolean;
}

export interface Exchange {
  /** What of the vocabulary it needs. */
  readonly needs: keyof Vocabulary;
  run(door: Door, words: Vocabulary): Promise<Partial<Seen>>;
  /** Whether an exchange without the gateway shows anything at all. */
  proves(seen: Seen): boolean;
}

type Call = readonly [tool: string, args?: object];

const plain = (needs: keyof Vocabulary, proves: Exchange['proves']): Exchange => ({
  needs,
  run: async (door, words) => ({ result: await door.call(...(words[needs] as Call)) }),
  proves,
});

const asks =
  (...methods: readonly string[]) =>
  ({ questions }: Seen): boolean =>
    JSON.stringify(questions.map(({ method }) => method)) === JSON.stringify(methods);

/** Another answer than the plain one, for one exchange. */
async function answering<T>({ host }: Door, answer: MatrixHost['answer'], run: () => Promise<T>): Promise<T> {
  host.answer = answer;
  try {
    return await run();
  } finally {
    host.answer = plainAnswer;
  }
}

const withAnswer = (needs: keyof Vocabulary, answer: Json): Exchange => ({
  needs,
  run: async (door, words) =>
    answering(
      door,
      () => answer,
      async () => ({ result: await door.call(...(words[needs] as Call)) }),
    ),
  proves: ({ result, questions }) => questions.length === 1 && !result.isError,
});

/** Ours end only when the last update has arrived: a client that gets update and result at once may drop the update. */
async function progress(door: Door, words: Vocabulary): Promise<Partial<Seen>> {
  const [tool, args] = words.progress;
  const updates: Json[] = [];
  const key = randomUUID();
  let proceeded: Promise<Json> | undefined;
  const onprogress = (update: Json) => {
    updates.push(update);
    if (words.proceed && update.progress === update.total) proceeded = door.call(words.proceed, { key });
  };
  const result = await door.call(tool, words.proceed ? { ...args, key } : args, { onprogress });
  await proceeded;
  return { result, progress: updates };
}

async function cancel(door: Door, [tool, args]: Call): Promise<Partial<Seen>> {
  const leaving = new AbortController();
  const key = randomUUID();
  const call = door.call(
    tool,
    { ...args, key },
    { signal: leaving.signal, onprogress: () => leaving.abort(new Error('changed my mind')) },
  );
  const result = await call.then(
    () => 'answered',
    () => 'given up',
  );
  return { result, cancelled: await door.cancelled(key) };
}

/** The user looks something up with a second call before answering the question of the first. */
async function meanwhile(door: Door, words: Vocabulary): Promise<Partial<Seen>> {
  let beside: Json;
  const answer: MatrixHost['answer'] = async (question) => {
    beside = await door.call(...(words.call as Call));
    return plainAnswer(question);
  };
  const result = await answering(door, answer, () => door.call(...(words['elicitation'] as Call)));
  return { result: [result, beside] };
}

export const exchanges: Readonly<Record<string, Exchange>> = {
  call: plain('call', ({ result }) => result.content.length > 0),
  progress: { needs: 'progress', run: progress, proves: ({ progress: updates }) => updates.length > 1 },
  cancel: {
    needs: 'cancel',
    run: (door, words) => cancel(door, words.cancel as Call),
    proves: ({ result, cancelled }) => result === 'given up' && cancelled === true,
  },
  'elicitation of a form with defaults': plain('elicitation', asks('elicitation/create')),
  'elicitation that is declined': withAnswer('elicitation', { action: 'decline' }),
  'elicitation that is dismissed': withAnswer('elicitation', { action: 'cancel' }),
  'elicitation while another call runs': {
    needs: 'elicitation',
    run: meanwhile,
    proves: ({ result: [, beside] }) => beside.content.length > 0,
  },
  'elicitation of a URL': plain('link', asks('elicitation/create')),
  sampling: plain('sampling', asks('sampling/createMessage')),
  roots: plain('roots', ({ result }) => JSON.stringify(result).includes('file:///srv/two')),
  'questions one after the other': plain(
    'rounds',
    asks('elicitation/create', 'sampling/createMessage', 'elicitation/create'),
  ),
  log: plain('log', ({ logs }) => logs.length > 0),
  image: plain('image', ({ result }) => JSON.stringify(result).includes('image/png')),
  'structured output': plain('structured', ({ result }) => result.structuredContent !== undefined),
  resource: {
    needs: 'resources',
    async run(door, words) {
      const read = [];
      for (const uri of words.resources as readonly string[]) read.push((await door.resource(uri)).contents);
      return { result: { listed: (await door.resources()).resources, read } };
    },
    proves: ({ result }) => result.listed.length > 0 && result.read.length > 0,
  },
  prompt: {
    needs: 'prompt',
    async run(door, words) {
      const { description, messages } = await door.prompt(
        ...(words.prompt as [string, Readonly<Record<string, string>>]),
      );
      return { result: { listed: (await door.prompts()).prompts, description, messages } };
    },
    proves: ({ result }) => result.listed.length > 0 && result.messages.length > 0,
  },
};

/** Runs it to its end, whatever that is. */
export async function seenOf({ run }: Exchange, door: Door, words: Vocabulary): Promise<Seen> {
  door.host.take();
  let outcome: Partial<Seen>;
  try {
    outcome = await run(door, words);
  } catch (error) {
    outcome = { result: { thrown: String(error), code: (error as { code?: unknown }).code } };
  }
  return { result: undefined, progress: [], ...door.host.take(), ...outcome };
}
