// Owns what a server may ask of whoever called it: one value, passed along with the call. Knows nothing of who that is.

type Members = Readonly<Record<string, unknown>>;

/** What a caller adds to a request that a server answered with questions (2026-07-28, Multi Round-Trip Requests). */
export interface Answers {
  readonly inputResponses?: unknown;
  readonly requestState?: unknown;
}

export interface CallHost {
  /** What the host calls itself (`clientInfo.name`), where that is known. */
  readonly clientName?: string | undefined;
  /** `ClientCapabilities` as the host declared them. */
  readonly capabilities: Members;
  /** What the caller's `_meta` holds for the server: tracing, and keys that nobody here knows. */
  readonly meta: Members;
  /** The least severe log messages that the host wants; undefined: it never said. */
  readonly logLevel?: string | undefined;
  /** The host understands results that are questions (`input_required`), and answers them by calling again. */
  readonly takesQuestions: boolean;
  /** The answers to the questions of the last round. */
  readonly answers?: Answers | undefined;
  /** Puts a request of a server to the host; gives its result as it came. @throws RpcError the host's own error answer */
  ask(method: string, params: Members, options: { readonly signal: AbortSignal }): Promise<unknown>;
  /** Passes a notification of a server on. */
  notify(method: string, params: Members): void;
}

/** What a server may ask, and the capability that says so. */
const questions: Readonly<Record<string, string>> = {
  'elicitation/create': 'elicitation',
  'sampling/createMessage': 'sampling',
  'roots/list': 'roots',
};

/** The part of the host's capabilities that can be passed on to a server. */
export function offeredTo(host: CallHost | undefined): Members {
  const { elicitation, sampling, roots, extensions } = host?.capabilities ?? {};
  return Object.fromEntries(
    Object.entries({ elicitation, sampling, roots, extensions }).filter(([, value]) => value !== undefined),
  );
}

export function canAnswer(host: CallHost, method: string): boolean {
  const capability = questions[method];
  return capability !== undefined && host.capabilities[capability] !== undefined;
}
