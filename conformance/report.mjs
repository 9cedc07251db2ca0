// Owns how results are printed: one table for each requirement set, a line that sums it up, and the details of what did
// not pass.

/**
 * @typedef {object} Row
 * @property {import('./plan.mjs').Planned} planned
 * @property {readonly import('./judge.mjs').Problem[]} problems
 * @property {import('./run-scenario.mjs').Ran} ran
 */

const shownProblems = 3;

/** @param {string} title @param {readonly Row[]} rows @returns {string[]} */
export function tableOf(title, rows) {
  const width = Math.max(...rows.map(({ planned }) => planned.scenario.length));
  return [
    '',
    `Requirements of ${title}`,
    ...rows.flatMap((row) => {
      const { planned, problems, ran } = row;
      const counts = `${countOf(ran, 'SUCCESS')}/${countOf(ran, 'SUCCESS', 'FAILURE', 'WARNING')}`;
      const took = `${(ran.tookMs / 1000).toFixed(1)} s`;
      const cells = [
        planned.scenario.padEnd(width),
        problems.length === 0 ? 'passed' : 'FAILED',
        counts.padStart(6),
        took.padStart(7),
      ];
      const shown = problems.slice(0, shownProblems);
      const failed = shown.map(({ check, message }) => `${check}: ${cut(message)}`);
      const others = problems.length - shown.length;
      if (others > 0) failed.push(`and ${others} more (--only ${planned.scenario} --verbose shows all)`);
      return [`  ${cells.join('  ')}${planned.scored ? '' : '  not scored'}`, ...failed.map((line) => `      ${line}`)];
    }),
  ];
}

/** @param {string} title @param {readonly Row[]} rows */
export function summaryOf(title, rows) {
  const passed = (/** @type {readonly Row[]} */ some) => some.filter(({ problems }) => problems.length === 0).length;
  const share = (/** @type {boolean} */ scored) => {
    const some = rows.filter(({ planned }) => planned.scored === scored);
    return `${passed(some)} of ${some.length} ${scored ? 'required' : 'not scored'}`;
  };
  const failed = rows.length - passed(rows);
  return `${title}: ${[share(true), share(false)].join(', ')} passed${failed === 0 ? '' : `; ${failed} failed`}`;
}

/** Everything there is to know about a row. @param {Row} row @returns {string[]} */
export function detailsOf({ planned, ran }) {
  const open = (ran.checks ?? []).filter(({ status }) => status === 'FAILURE' || status === 'WARNING');
  const driver = ran.driver?.error;
  return [
    '',
    `${planned.scenario} at ${planned.revision}`,
    ...open.map((check) => JSON.stringify(check, undefined, 2)),
    `the gateway answered: ${driver === undefined ? 'no error' : JSON.stringify(driver)}`,
    'log of the gateway:',
    ran.driver?.log.trim() ?? 'none: the driver came to no end',
    ...(ran.checks === undefined || ran.driver === undefined ? ['output of the suite:', ran.output.trim()] : []),
  ];
}

/** @param {import('./run-scenario.mjs').Ran} ran @param {...string} statuses */
function countOf({ checks = [] }, ...statuses) {
  return checks.filter(({ status }) => statuses.includes(status)).length;
}

/** @param {string} text */
function cut(text) {
  const line = text.replace(/\s+/gu, ' ');
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}
