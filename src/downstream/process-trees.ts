// Owns the choice of how children and everything they started are ended on this system.
import type { Environment } from './child-environment.ts';
import { ProcessGroup } from './process-group.ts';
import type { ProcessTrees } from './process-tree.ts';
import { windowsSystem } from './windows-processes.ts';
import { WindowsTree } from './windows-tree.ts';

/** Between the start of a child and our hearing of it, at most. Milliseconds. */
const startSlackMs = 1000;

export function createProcessTrees(deps: {
  readonly platform: NodeJS.Platform;
  readonly env: Environment;
}): ProcessTrees {
  if (deps.platform !== 'win32') return ({ pid }) => new ProcessGroup(pid);
  const system = windowsSystem(deps.env);
  // The clock of the system, because that is the one by which it tells when a process was started.
  return (root) => new WindowsTree(root, { system, startedAt: Date.now() - startSlackMs });
}
