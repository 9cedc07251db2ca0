// Owns what a run means: the suite's verdict, and what the gateway had to refuse. Pure.

/** @typedef {{ check: string, message: string }} Problem */

/** Here a client does right by refusing. The suite lets any error pass, one that has nothing to do with it as well. */
const refusals = new Set([
  'auth/scope-retry-limit',
  'auth/resource-mismatch',
  'auth/iss-supported-missing',
  'auth/iss-wrong-issuer',
  'auth/iss-unexpected',
  'auth/iss-normalized',
  'auth/metadata-issuer-mismatch',
]);
const refusalCode = 'AUTH_FAILED';

/** Why the scenario is not passed; empty: it is. @param {string} scenario @param {import('./run-scenario.mjs').Ran} ran @returns {Problem[]} */
export function problemsOf(scenario, { exitCode, checks, driver, output }) {
  if (checks === undefined) return [{ check: 'suite', message: lastLine(output) }];
  const problems = checks
    .filter(({ status }) => status === 'FAILURE' || status === 'WARNING')
    .map(({ id, description, errorMessage }) => ({ check: id, message: errorMessage ?? description }));
  if (driver === undefined) return [...problems, { check: 'driver', message: lastLine(output) }];
  const { error } = driver;
  if (refusals.has(scenario) && error?.code !== refusalCode) {
    const instead = error === undefined ? 'every step succeeded' : `it was ${said(error)}`;
    problems.push({ check: 'driver', message: `the gateway was to refuse with ${refusalCode}, and ${instead}` });
  }
  if (!refusals.has(scenario) && error !== undefined) problems.push({ check: 'driver', message: said(error) });
  if (problems.length === 0 && exitCode !== 0) problems.push({ check: 'suite', message: lastLine(output) });
  return problems;
}

/** @param {{ code?: string, message: string }} error */
function said({ code, message }) {
  return code === undefined ? message : `${code}: ${message}`;
}

/** @param {string} text */
function lastLine(text) {
  return text.trim().split('\n').at(-1) || 'no output';
}
