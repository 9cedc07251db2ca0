// Owns whether a server's tools are those that were agreed to. Pure; knows nothing of who agreed, nor what follows.
import { fingerprint } from './fingerprint-tool.ts';

/** Name of a tool → the fingerprints that were ever agreed to: an older process of the server may still run. */
export type Agreed = ReadonlyMap<string, ReadonlySet<string>>;

/** Names of tools, in the order of the server. A tool that is gone is no change: there is nothing to be called. */
export interface ToolChanges {
  readonly changed: readonly string[];
  readonly added: readonly string[];
}

export function judgeTools(agreed: Agreed, tools: readonly { readonly name: string }[]): ToolChanges {
  const changed: string[] = [];
  const added: string[] = [];
  for (const tool of tools) {
    const known = agreed.get(tool.name);
    if (!known) added.push(tool.name);
    else if (!known.has(fingerprint(tool))) changed.push(tool.name);
  }
  return { changed, added };
}
