// Owns what an agent sees of a server's prompts: the list, and one prompt as the result of a tool.
import type { Host } from './host.ts';
import { fits, pageOf } from './listed-page.ts';
import { type Members, type RelayDeps, type Relayed, relayRequest, withSession } from './relay-request.ts';

export interface ListPromptsInput {
  readonly agent: string;
  readonly server: string;
  /** Part of a name, or a glob. */
  readonly pattern?: string | undefined;
  readonly cursor?: string | undefined;
}

export interface ListedPrompts {
  readonly server: string;
  /** As the server defines them. */
  readonly prompts: readonly Members[];
  readonly next_cursor?: string;
}

export interface GetPromptInput {
  readonly agent: string;
  readonly server: string;
  readonly prompt: string;
  readonly args: Members;
}

/** Permission for the server has been checked by the caller of this function. */
export async function listServerPrompts(deps: RelayDeps, input: ListPromptsInput, host: Host): Promise<ListedPrompts> {
  const { agent, server, pattern, cursor } = input;
  const all = await withSession(deps, input, host, ({ offerings }) => offerings.list('prompts', host));
  const chosen = all
    .filter(({ name }) => deps.directory.mayUse(agent, server, { kind: 'prompt', name: String(name) }))
    .filter(({ name, title }) => fits(pattern, [name, title]));
  const { shown, next } = pageOf(chosen, cursor);
  return { server, prompts: shown, ...next };
}

/** Permission for the prompt has been checked by the caller of this function. */
export async function getServerPrompt(deps: RelayDeps, input: GetPromptInput, host: Host): Promise<Relayed> {
  const hint = 'list_server_prompts shows the names and arguments.';
  const params = { name: input.prompt, arguments: input.args };
  const { result, size } = await relayRequest(
    deps,
    { ...input, method: 'prompts/get', params, item: { kind: 'prompt', name: input.prompt }, hint },
    host,
  );
  return { result: promptAsToolResult(result), size };
}

/**
 * A `GetPromptResult` as a tool's result that loses nothing: the content of each message, untouched, after a line that
 * says whose it is; the other members of the message are in that line's `_meta`, those of the result where they were.
 */
export function promptAsToolResult(result: Members): Members {
  const { messages, ...others } = result;
  if (!Array.isArray(messages)) return result;
  return { ...others, content: messages.flatMap(blocksOf) };
}

function blocksOf(message: unknown): readonly unknown[] {
  const { content, ...others } = (message ?? {}) as Members;
  const speaker = { type: 'text', text: `${String(others['role'])}:`, _meta: { 'portico/message': others } };
  return Array.isArray(content) ? [speaker, ...content] : [speaker, content];
}
