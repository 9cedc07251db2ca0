// Owns the judgement of servers' tools against what was agreed to: made once for each list, and told to the log. Knows
// nothing of what becomes of it.
import type { ServerEntry } from '../config/server-entry.ts';
import type { ToolDefinition } from '../downstream/tool-pages.ts';
import type { LogPort } from '../lib/log-port.ts';
import { type Agreed, judgeTools, type ToolChanges } from '../policy/judge-tools.ts';
import type { AgreedTools } from './agreed-tools.ts';

export interface Verdict {
  readonly changes: ToolChanges;
  /** Those that were agreed to: the list itself where all of them were. */
  readonly agreed: readonly ToolDefinition[];
  readonly others: readonly ToolDefinition[];
}

export interface ToolReviewsDeps {
  readonly open: (entry: ServerEntry) => AgreedTools;
  readonly log: LogPort;
  /** Something is not agreed to: the file may say otherwise soon. */
  readonly onDoubt: (path: string) => void;
}

interface Review {
  readonly by: Agreed;
  readonly verdict: Verdict;
}

export class ToolReviews {
  readonly #deps: ToolReviewsDeps;
  readonly #opened = new WeakMap<ServerEntry, AgreedTools>();
  readonly #reviews = new WeakMap<readonly ToolDefinition[], Review>();
  readonly #last = new WeakMap<ServerEntry, Verdict>();
  /** What the log was last told, by server. */
  readonly #told = new Map<string, string>();

  constructor(deps: ToolReviewsDeps) {
    this.#deps = deps;
  }

  /** `isLive`: the server itself has just said so, and where nothing was agreed to yet, this is. Never rejects. */
  async review(
    entry: ServerEntry,
    tools: readonly ToolDefinition[],
    { isLive }: { readonly isLive: boolean },
  ): Promise<Verdict> {
    const opened = this.#open(entry);
    const by = (await opened.current()) ?? (isLive ? await opened.begin(tools) : undefined);
    const verdict = by ? this.#judge(tools, by) : { changes: noChanges, agreed: tools, others: [] };
    this.#last.set(entry, verdict);
    this.#tell(entry, verdict.changes, opened.path);
    return verdict;
  }

  /** Of the tools that were reviewed last. */
  last(entry: ServerEntry): Verdict | undefined {
    return this.#last.get(entry);
  }

  #open(entry: ServerEntry): AgreedTools {
    const opened = this.#opened.get(entry) ?? this.#deps.open(entry);
    this.#opened.set(entry, opened);
    return opened;
  }

  /** Of the same tools and the same agreement the same verdict: whoever keeps the list sees that nothing changed. */
  #judge(tools: readonly ToolDefinition[], by: Agreed): Verdict {
    const known = this.#reviews.get(tools);
    if (known?.by === by) return known.verdict;
    const changes = judgeTools(by, tools);
    const doubted = new Set([...changes.changed, ...changes.added]);
    const verdict: Verdict =
      doubted.size === 0
        ? { changes, agreed: tools, others: [] }
        : {
            changes,
            agreed: tools.filter(({ name }) => !doubted.has(name)),
            others: tools.filter(({ name }) => doubted.has(name)),
          };
    this.#reviews.set(tools, { by, verdict });
    return verdict;
  }

  #tell({ name: server, toolPinning }: ServerEntry, { changed, added }: ToolChanges, path: string): void {
    const isFine = changed.length === 0 && added.length === 0;
    const told = JSON.stringify([toolPinning, changed, added]);
    if (!isFine) this.#deps.onDoubt(path);
    if (!isFine && this.#told.get(server) !== told) {
      const what = toolPinning === 'block' ? 'they are kept back' : 'they are marked';
      const hint = `portico tools ${server} --approve`;
      this.#deps.log.warn({ server, changed, added, hint }, `tools are not as they were agreed to; ${what}`);
    }
    this.#told.set(server, told);
  }
}

const noChanges: ToolChanges = { changed: [], added: [] };
