// Owns which scenarios are run: what the requirement sets list for clients, each at the set's own revision. Pure.

export const revisions = ['2025-11-25', '2026-07-28'];

/** They judge by the clock, so nothing may run beside them. */
const alone = new Set(['sse-retry']);

/**
 * @typedef {object} Planned
 * @property {string} revision
 * @property {string} scenario
 * @property {boolean} scored whether conformance to the revision requires it
 * @property {boolean} alone
 */

/**
 * @param {string} revision @param {{ client?: string[], not_scored?: { scenario: string, leg: string }[] }} requirements
 * @returns {Planned[]}
 */
export function planOf(revision, { client = [], not_scored = [] }) {
  const unscored = not_scored.filter(({ leg }) => leg === 'client').map(({ scenario }) => scenario);
  const planned = (/** @type {string} */ scenario, /** @type {boolean} */ scored) => ({
    revision,
    scenario,
    scored,
    alone: alone.has(scenario),
  });
  return [
    ...client.map((scenario) => planned(scenario, true)),
    ...unscored.map((scenario) => planned(scenario, false)),
  ];
}

/** @param {readonly Planned[]} plan @param {{ only?: string | undefined, spec?: string | undefined }} filter */
export function chosen(plan, { only, spec }) {
  return plan.filter(
    ({ revision, scenario }) => (only === undefined || scenario === only) && (spec === undefined || revision === spec),
  );
}
