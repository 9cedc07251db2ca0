// Owns what an agent is told of config files that cannot be used. What stands in them is not for every agent: names of
// servers and agents that it may not see.
import { basename } from 'node:path';
import type { ConfigProblem } from './live-config.ts';

/** Characters. */
const longest = 160;

/** Place and message of what is wrong with a file as a whole, such as its syntax; of anything else the place. */
export function shownProblem({ message, issue }: ConfigProblem): string {
  if (!issue) return cut(message);
  const place = `${basename(issue.file)}:${issue.line}:${issue.column}`;
  return issue.pointer === '' ? cut(`${place}: ${issue.message}`) : `${place}: see portico check`;
}

function cut(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}
