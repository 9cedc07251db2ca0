// Owns telling, from both ends of a message that was dropped for its size, which request it belonged to. Pure.
import type { RequestId } from './messages.ts';

const idMember = '"id"\\s*:\\s*(-?\\d+|"(?:[^"\\\\]|\\\\.)*")';
const version = '"jsonrpc"\\s*:\\s*"2\\.0"';
/** Only members that cannot hold another `id` may stand before it. */
const startPattern = new RegExp(`^[^{]*\\{\\s*(?:${version}\\s*,\\s*)?${idMember}`);
const endPattern = new RegExp(`[}\\]]\\s*,\\s*(?:${version}\\s*,\\s*)?${idMember}\\s*(?:,\\s*${version}\\s*)?\\}\\s*$`);
const requestPattern = new RegExp(`^[^{]*\\{\\s*(?:${version}\\s*,\\s*)?(?:${idMember}\\s*,\\s*)?"method"\\s*:`);

/** The `id`, where it stands first or last, as nearly everybody writes it: members come in any order. */
export function idOfOversized(head: string, tail: string): RequestId | undefined {
  return parsedId(startPattern.exec(head)?.[1]) ?? parsedId(endPattern.exec(tail)?.[1]);
}

/** The same, where the message is known to be a request: an answer has an id of the other side's. */
export function idOfOversizedRequest(head: string, tail: string): RequestId | undefined {
  return requestPattern.test(head) ? idOfOversized(head, tail) : undefined;
}

function parsedId(text: string | undefined): RequestId | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as RequestId;
  } catch {
    // A string with a broken escape: no id after all.
    return undefined;
  }
}
