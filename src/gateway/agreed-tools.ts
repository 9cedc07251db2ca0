// Owns which tools of one server were agreed to, as far as this process knows: in step with the file, which other
// processes write as well. Keeps fingerprints, no definitions.
import type { AgreedTool, PinFile } from '../downstream/pin-file.ts';
import type { ToolDefinition } from '../downstream/tool-pages.ts';
import type { LogPort } from '../lib/log-port.ts';
import { fingerprint } from '../policy/fingerprint-tool.ts';
import type { Agreed } from '../policy/judge-tools.ts';

export interface AgreedToolsDeps {
  readonly file: PinFile;
  readonly server: string;
  readonly log: LogPort;
}

export class AgreedTools {
  readonly #deps: AgreedToolsDeps;
  #stamp: string | undefined;
  #agreed: Agreed | undefined;
  /** One look at the file after the other. */
  #looking: Promise<unknown> = Promise.resolve();

  constructor(deps: AgreedToolsDeps) {
    this.#deps = deps;
  }

  get path(): string {
    return this.#deps.file.path;
  }

  /** Undefined: nothing so far. The same map as long as nothing changed. Never rejects. */
  current(): Promise<Agreed | undefined> {
    const looking = this.#looking.then(() => this.#look());
    this.#looking = looking;
    return looking;
  }

  /** The first tools that a server ever showed count as agreed to. Never rejects. */
  async begin(tools: readonly ToolDefinition[]): Promise<Agreed> {
    const { file, log, server } = this.#deps;
    const first = tools.map(agreedTool);
    try {
      await file.writeFirst(first);
    } catch (err) {
      log.warn({ server, path: file.path, err }, 'the tools of the server are pinned for this run alone');
    }
    return (await this.current()) ?? this.#keep(first);
  }

  #keep(tools: readonly AgreedTool[]): Agreed {
    this.#agreed = new Map(tools.map(({ name, fingerprints }) => [name, new Set(fingerprints)]));
    return this.#agreed;
  }

  async #look(): Promise<Agreed | undefined> {
    const { file, log, server } = this.#deps;
    try {
      const stamp = await file.stamp();
      if (stamp === this.#stamp) return this.#agreed;
      const tools = await file.read();
      this.#stamp = tools && stamp;
      if (tools) return this.#keep(tools);
      this.#agreed = undefined;
    } catch (err) {
      // A file that was spoiled must not be a way to have other tools taken for the first ones.
      const text = 'what was agreed to cannot be read: no tool counts as agreed to';
      if (this.#agreed !== nothing) log.error({ server, path: file.path, err }, text);
      this.#agreed = nothing;
    }
    return this.#agreed;
  }
}

const nothing: Agreed = new Map();

export function agreedTool(definition: ToolDefinition): AgreedTool {
  return { name: definition.name, fingerprints: [fingerprint(definition)], definition };
}
