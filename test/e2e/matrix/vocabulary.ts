// Owns by which tools, resources and prompts each server of the matrix shows an exchange, and which it cannot show.

type Call = readonly [tool: string, args: object];

export interface Vocabulary {
  readonly call: Call;
  readonly progress: Call;
  /** The tool that lets the progress tool end. */
  readonly proceed?: string;
  readonly cancel: Call;
  readonly elicitation: Call;
  readonly link: Call;
  readonly sampling: Call;
  readonly roots: Call;
  readonly rounds?: Call;
  readonly log: Call;
  readonly image: Call;
  readonly structured: Call;
  readonly resources: readonly string[];
  readonly prompt: readonly [name: string, args: Readonly<Record<string, string>>];
}

/** Of the servers in fixtures/matrix. */
const ours: Vocabulary = {
  call: ['echo', { message: 'é ☃ 🚀', list: [null, {}, [], 0.5], nothing: null }],
  progress: ['steps', {}],
  proceed: 'proceed',
  cancel: ['wait', {}],
  elicitation: ['ask', {}],
  link: ['open', {}],
  sampling: ['sample', {}],
  roots: ['roots', {}],
  rounds: ['rounds', {}],
  log: ['log', {}],
  image: ['image', {}],
  structured: ['structured', {}],
  resources: ['matrix://text', 'matrix://blob'],
  prompt: ['greet', { name: 'Ada', tone: 'é ☃' }],
};

/** Of `@modelcontextprotocol/server-everything`. */
const everything: Vocabulary = {
  call: ['echo', { message: 'é ☃ 🚀' }],
  progress: ['trigger-long-running-operation', { duration: 0.1, steps: 3 }],
  cancel: ['trigger-long-running-operation', { duration: 1, steps: 100 }],
  elicitation: ['trigger-elicitation-request', {}],
  link: ['trigger-url-elicitation', { url: 'https://example.com/sign-in', elicitationId: 'matrix-1' }],
  sampling: ['trigger-sampling-request', { prompt: 'Say é ☃.', maxTokens: 50 }],
  roots: ['get-roots-list', {}],
  log: ['toggle-simulated-logging', {}],
  image: ['get-tiny-image', {}],
  structured: ['get-structured-content', { location: 'Chicago' }],
  resources: ['demo://resource/static/document/architecture.md'],
  prompt: ['args-prompt', { city: 'Zürich', state: 'ZH' }],
};

/** `sdk2-pinned`: it knows both eras, and the config has pinned it to the older one. */
export const serverNames = ['sdk1-stdio', 'sdk1-http', 'sdk2-stdio', 'sdk2-pinned', 'sdk2-http', 'everything'] as const;
export type ServerName = (typeof serverNames)[number];

export const vocabularyOf = (server: ServerName): Vocabulary => (server === 'everything' ? everything : ours);

/** Cells that cannot exist: server → exchange → why. */
export const missing: Readonly<Partial<Record<ServerName, Readonly<Record<string, string>>>>> = {
  everything: {
    'questions one after the other': 'no tool of server-everything asks more than one question in a call',
  },
};
