// Owns what two exchanges may differ in: what a revision adds or leaves out, and what a server makes up anew each time.
import type { Json } from '../../helpers/json-rpc-process.ts';
import type { Seen } from './exchanges.ts';
import { eraOf, type HostKind, type Question } from './host.ts';
import type { ServerName } from './vocabulary.ts';

/** In 2026-07-28 every result names its server in `_meta`, and says that it is one in `resultType`. */
const serverInfo = 'io.modelcontextprotocol/serverInfo';

export function normalised(seen: Seen, kind: HostKind, server: ServerName): Seen {
  const questions = seen.questions.map((question) => withoutToken(question));
  const plain = { ...seen, result: withoutRevision(seen.result), questions };
  const known = server === 'everything' ? ofEverything(plain) : plain;
  // A URL has an id in revisions up to 2025-11-25 only: toward such a host somebody else than a newer server makes it up.
  if (eraOf(kind) === 'legacy' && !server.startsWith('sdk2')) return known;
  return { ...known, questions: known.questions.map((question) => withoutId(question)) };
}

/** Answers that a server gives back as JSON are compared as values: the order of their members is up to its library. */
function withoutRevision(result: Json): Json {
  return JSON.parse(JSON.stringify(result ?? null), (key, value: Json) => {
    if (key === 'text' && /^\[?\{.*\}\]?$/su.test(value)) return JSON.parse(value);
    if (key === 'resultType') return undefined;
    if (key !== '_meta' || typeof value !== 'object' || value === null) return value;
    const { [serverInfo]: _, ...kept } = value;
    return Object.keys(kept).length > 0 ? kept : undefined;
  });
}

/** Whoever asks may want to hear of progress, under a token of its own; params that are empty may be left out. */
function withoutToken({ method, params = {} }: Question): Question {
  const { _meta: { progressToken: _, ...kept } = {}, ...rest }: Json = params;
  const all = { ...rest, ...(Object.keys(kept).length > 0 && { _meta: kept }) };
  return { method, params: Object.keys(all).length > 0 ? all : undefined };
}

function withoutId({ method, params }: Question): Question {
  if (params?.mode !== 'url') return { method, params };
  const { elicitationId: _, ...rest } = params;
  return { method, params: rest };
}

function ofEverything(seen: Seen): Seen {
  return {
    ...seen,
    // It asks for the roots a while after the handshake, whatever runs then, and logs that it did.
    questions: seen.questions.filter(({ method }) => method !== 'roots/list'),
    logs: seen.logs.filter(({ logger }) => logger !== 'everything-server').map(ofAnyLevel),
    // The last update comes together with the result, and a client may then drop it.
    progress: seen.progress.slice(0, 2),
  };
}

/** It chooses the level by chance. */
function ofAnyLevel({ data, ...rest }: Json): Json {
  return { ...rest, level: 'any', data: String(data).replace(/^\w+[- ]level[- ]/u, 'any level ') };
}
