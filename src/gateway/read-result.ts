// Owns the way of a large result to the agent: the head first, the rest page by page, each saying how much there is.
import { GatewayError } from '../errors.ts';
import { headOf, judgeResult, type LargeResult, pageOf, structuredOffset } from './large-results.ts';
import type { ResultOwner, ResultStore } from './result-store.ts';

type Members = Readonly<Record<string, unknown>>;

/** In `_meta` of an answer that does not hold the whole text: the same as its last text block, for programs. */
const largeResultKey = 'mcp-portico/large-result';

export interface FitResultDeps {
  readonly results: ResultStore;
}

/** What a server answered, and the bytes of the message it came in, where known. */
export interface ServerResult {
  readonly result: Members;
  readonly size: number | undefined;
}

/**
 * A result as it may leave for the agent: the same object where it is small enough, else its head, with the rest kept
 * for `read_result`.
 * @param maxBytes `maxResultBytes` of the server
 */
export function fitResult(
  { results }: FitResultDeps,
  owner: ResultOwner,
  { result, size }: ServerResult,
  maxBytes: number,
): Members {
  const large = judgeResult(result, size, maxBytes);
  if (!large) return result;
  const { content, end } = headOf(result, large);
  const id = results.keep(owner, large);
  const place = { result_id: id, start: 0, end, length: large.length };
  const shown = large.isByBlocks ? `${content.length} of its ${blocksIn(result)} blocks, ` : '';
  const note = `[This result is too large for one answer: ${shown}${end} of its ${large.length} characters are shown. read_result with result_id "${id}" and offset ${end} gives what follows.${structuredNote(large)}]`;
  const { structuredContent, ...rest } = result;
  const meta = result['_meta'];
  return {
    ...(large.structured === 'kept' ? result : rest),
    content: [...content, { type: 'text', text: note }],
    _meta: { ...(typeof meta === 'object' ? meta : undefined), [largeResultKey]: place },
  };
}

/** The same for a task that has ended, which holds the result of its call. */
export function fitTask(
  deps: FitResultDeps,
  owner: ResultOwner,
  { result: task, size }: ServerResult,
  maxBytes: number,
): Members {
  const result = task['result'];
  if (typeof result !== 'object' || result === null) return task;
  const fitted = fitResult(deps, owner, { result: result as Members, size }, maxBytes);
  return fitted === result ? task : { ...task, result: fitted };
}

export interface ReadResultInput {
  readonly agent: string;
  readonly resultId: string;
  /** Default 0. */
  readonly offset?: number | undefined;
}

/**
 * One page of a result that was too large, as a `CallToolResult`. Permission has been checked by the caller of this
 * function.
 * @throws GatewayError RESULT_NOT_FOUND | INVALID_ARGUMENTS
 */
export function readResult({ results }: FitResultDeps, { agent, resultId, offset = 0 }: ReadResultInput): Members {
  const found = results.find(agent, resultId);
  if (found?.kind !== 'kept') {
    const name = resultId.slice(0, 40);
    const why = found ? `is no longer kept: ${found.why}` : 'is not known here';
    throw new GatewayError('RESULT_NOT_FOUND', `result '${name}' ${why}`, {
      hint: 'Call the tool again if doing so is harmless, and read on with the new result_id.',
    });
  }
  const { result: large } = found;
  if (offset >= large.length) {
    const message = `offset ${offset} is behind the end: result '${resultId}' has ${large.length} characters`;
    throw new GatewayError('INVALID_ARGUMENTS', message, { hint: 'The answers before name the offset that follows.' });
  }
  const { content, start, end } = pageOf(large, offset);
  const next = end < large.length ? `offset ${end} gives what follows.` : 'This is the end.';
  const note = `[Characters ${start} to ${end} of ${large.length}; ${next}${structuredNote(large)}]`;
  return {
    content: [...content, { type: 'text', text: note }],
    _meta: { [largeResultKey]: { result_id: resultId, start, end, length: large.length } },
  };
}

function blocksIn({ content }: Members): number {
  return Array.isArray(content) ? content.length : 0;
}

function structuredNote(large: LargeResult): string {
  if (large.structured === 'kept') return '';
  const offset = structuredOffset(large);
  const why = offset === undefined ? 'it says the same as the text' : `its JSON begins at offset ${offset}`;
  return ` structuredContent is left out: ${why}.`;
}
