// Owns what is said where a reference to a variable in the config could not be filled in; knows nothing of the filling in.
import type { VariableProblem } from './expand-env.ts';
import { type IssueList, keyText } from './issue-list.ts';

/** A disabled server is not started, so what it lacks is only worth a warning. */
export function reportExpansion(problem: VariableProblem, issues: IssueList, disabled: boolean): void {
  const key = keyText(problem.path);
  const { path } = problem;
  const report = disabled ? issues.warning : issues.error;
  switch (problem.kind) {
    case 'unset':
      report({
        path,
        message: `${problem.variable} is not set (${key})`,
        hint: `set ${problem.variable} in the environment of the gateway, or write \${${problem.variable}:-default}`,
      });
      return;
    case 'empty':
      // Of programs many variables are empty on purpose; an empty credential or host is a mistake.
      if (path[0] === 'headers' || path[0] === 'url' || path[0] === 'oauth') {
        issues.warning({ path, message: `${problem.variable} is set, but empty (${key})` });
      }
      return;
    case 'malformed':
      report({ path, message: `a \${...} cannot be read (${key})`, hint: `write \${VAR} or \${VAR:-default}` });
      return;
  }
}
