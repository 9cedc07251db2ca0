// Owns the three hosts of the matrix, each connected to anything: a gateway, or a server itself. Notes every question and
// every log message that reaches it. Knows no gateway.
import * as v2 from '@modelcontextprotocol/client';
import { StdioClientTransport as Sdk2Stdio } from '@modelcontextprotocol/client/stdio';
import { Client as Sdk1Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as Sdk1Stdio } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as Sdk1Http } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import type { Json } from '../../helpers/json-rpc-process.ts';

export const hostKinds = ['SDK 1.x host', 'SDK 2.x legacy host', 'SDK 2.x modern host'] as const;
export type HostKind = (typeof hostKinds)[number];
export type Era = 'legacy' | 'modern';

export const eraOf = (kind: HostKind): Era => (kind === 'SDK 2.x modern host' ? 'modern' : 'legacy');

/** Where a host connects to. */
export type Target =
  | { readonly url: string }
  | {
      readonly command: string;
      readonly args: readonly string[];
      readonly cwd: string;
      readonly env: Readonly<Record<string, string>>;
    };

export interface Question {
  readonly method: string;
  readonly params: Json;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onprogress?: (update: Json) => void;
}

/** What the client libraries have in common. */
interface AnyClient {
  // biome-ignore lint/suspicious/noExplicitAny: two libraries with types of their own
  request(method: 'listResources' | 'readResource' | 'listPrompts' | 'getPrompt', params: any): Promise<Json>;
  call(params: Json, options: CallOptions): Promise<Json>;
  close(): Promise<void>;
}

const info = { name: 'matrix-host', version: '1.0.0' };
const capabilities = { elicitation: { form: { applyDefaults: true }, url: {} }, sampling: {}, roots: {} };
/** In 2026-07-28 every request says for itself what is to be logged. */
const modernMeta = { 'io.modelcontextprotocol/logLevel': 'debug' };

export class MatrixHost {
  readonly kind: HostKind;
  /** Everything that reached the host since the last look. */
  #questions: Question[] = [];
  #logs: Json[] = [];
  #client: AnyClient | undefined;
  /** What the user, the model and the host answer; an exchange may put another answer here. */
  answer: (question: Question) => Json | Promise<Json> = plainAnswer;

  private constructor(kind: HostKind) {
    this.kind = kind;
  }

  static async connect(kind: HostKind, target: Target): Promise<MatrixHost> {
    const host = new MatrixHost(kind);
    host.#client = await (kind === 'SDK 1.x host' ? host.#sdk1(target) : host.#sdk2(target));
    return host;
  }

  call(name: string, args: object = {}, options: CallOptions = {}): Promise<Json> {
    const _meta = eraOf(this.kind) === 'modern' ? { _meta: modernMeta } : {};
    return this.#connected.call({ name, arguments: args, ..._meta }, options);
  }

  request(method: 'listResources' | 'readResource' | 'listPrompts' | 'getPrompt', params: object = {}): Promise<Json> {
    return this.#connected.request(method, params);
  }

  /** What reached the host since the last look. */
  take(): { readonly questions: readonly Question[]; readonly logs: readonly Json[] } {
    const taken = { questions: this.#questions, logs: this.#logs };
    this.#questions = [];
    this.#logs = [];
    return taken;
  }

  close(): Promise<void> {
    return this.#connected.close();
  }

  get #connected(): AnyClient {
    if (!this.#client) throw new Error('not connected');
    return this.#client;
  }

  async #asked(method: string, params: Json): Promise<Json> {
    this.#questions.push({ method, params });
    return await this.answer({ method, params });
  }

  async #sdk1(target: Target): Promise<AnyClient> {
    const client = new Sdk1Client(info, { capabilities });
    client.setRequestHandler(ElicitRequestSchema, ({ method, params }) => this.#asked(method, params));
    client.setRequestHandler(CreateMessageRequestSchema, ({ method, params }) => this.#asked(method, params));
    client.setRequestHandler(ListRootsRequestSchema, ({ method, params }) => this.#asked(method, params));
    client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => void this.#logs.push(params));
    const transport = 'url' in target ? new Sdk1Http(new URL(target.url)) : new Sdk1Stdio(stdio(target));
    // The library's own transport does not fit its own interface under exactOptionalPropertyTypes.
    await client.connect(transport as Parameters<typeof client.connect>[0]);
    if (client.getServerCapabilities()?.logging) await client.setLoggingLevel('debug');
    return {
      request: (method, params) => client[method](params),
      call: (params, options) => client.callTool(params, undefined, options),
      close: () => client.close(),
    };
  }

  async #sdk2(target: Target): Promise<AnyClient> {
    const modern = eraOf(this.kind) === 'modern';
    const mode = modern ? { pin: '2026-07-28' } : 'legacy';
    const client = new v2.Client(info, { capabilities, versionNegotiation: { mode } });
    for (const name of ['elicitation/create', 'sampling/createMessage', 'roots/list'] as const) {
      client.setRequestHandler(name, ({ method, params }) => this.#asked(method, params));
    }
    client.setNotificationHandler('notifications/message', ({ params }) => void this.#logs.push(params));
    const transport =
      'url' in target ? new v2.StreamableHTTPClientTransport(new URL(target.url)) : new Sdk2Stdio(stdio(target));
    await client.connect(transport);
    if (!modern && client.getServerCapabilities()?.logging) await client.setLoggingLevel('debug');
    return {
      request: (method, params) => client[method](params),
      call: (params, options) => client.callTool(params, options),
      close: () => client.close(),
    };
  }
}

function stdio({ command, args, cwd, env }: Exclude<Target, { readonly url: string }>) {
  return { command, args: [...args], cwd, env: { ...env }, stderr: 'ignore' as const };
}

/** A user who types a name into any form, follows every link; a model with one thing to say; two roots. */
export function plainAnswer({ method, params }: Question): Json {
  if (method === 'roots/list') return { roots: [{ uri: 'file:///srv/one', name: 'One' }, { uri: 'file:///srv/two' }] };
  if (method === 'sampling/createMessage') {
    const content = { type: 'text', text: 'é ☃, said briefly' };
    return { model: 'a-model', role: 'assistant', stopReason: 'endTurn', content };
  }
  if (params.mode === 'url') return { action: 'accept' };
  return { action: 'accept', content: 'name' in params.requestedSchema.properties ? { name: 'Ada' } : {} };
}
