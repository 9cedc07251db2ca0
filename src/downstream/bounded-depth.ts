// Owns that what a server lists can be written down again: definitions nested without end would fail, and all others with
// them, wherever they are compared, saved or sent. Knows nothing of what is listed.
import type { Members } from '../lib/members.ts';

/** Objects and lists within each other. Twice as many can be neither compared nor cloned on the stack that Node has. */
export const mostLevels = 1000;

/** The same object; or a copy without the members that are nested deeper, which says so in its description. */
export function withoutDepths(definition: Members): Members {
  const deep = Object.keys(definition).filter((name) => isDeeper(definition[name], mostLevels));
  if (deep.length === 0) return definition;
  const { description } = definition;
  const left = Object.entries(definition).filter(([name]) => !deep.includes(name));
  const note = `[Left out here: ${deep.join(', ')}, nested more than ${mostLevels} levels deep.]`;
  return Object.fromEntries([
    ...left,
    ['description', typeof description === 'string' ? `${note} ${description}` : note],
    // A tool without one is none.
    ...(deep.includes('inputSchema') ? [['inputSchema', { type: 'object' }]] : []),
  ]);
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((each) => isDeeper(each, levels - 1));
}
