// Owns which scenarios are run: what the requirement sets list for clients and for servers, each at the set's own
// revision. Pure.

export const revisions = ['2025-11-25', '2026-07-28'];

/** They judge by the clock, so nothing may run beside them. */
const alone = new Set(['sse-retry']);

/** What the gateway is in a run: the client of the suite's servers, or a server for the suite's clients. */
export const legs = /** @type {const} */ (['client', 'server']);

/**
 * @typedef {object} Planned
 * @property {'client' | 'server'} leg
 * @property {string} revision
 * @property {string} scenario
 * @property {boolean} scored whether conformance to the revision requires it
 * @property {boolean} alone
 */

/** @typedef {{ client?: string[], server?: string[], not_scored?: { scenario: string, leg: string }[] }} Requirements */

/**
 * @param {string} revision @param {Requirements} requirements @param {Planned['leg']} leg
 * @returns {Planned[]}
 */
export function planOf(revision, requirements, leg) {
  const { not_scored: unscored = [] } = requirements;
  const planned = (/** @type {string} */ scenario, /** @type {boolean} */ scored) => ({
    leg,
    revision,
    scenario,
    scored,
    alone: alone.has(scenario),
  });
  return [
    ...(requirements[leg] ?? []).map((scenario) => planned(scenario, true)),
    ...unscored.filter((one) => one.leg === leg).map(({ scenario }) => planned(scenario, false)),
  ];
}

/**
 * @param {readonly Planned[]} plan
 * @param {{ only?: string | undefined, spec?: string | undefined, leg?: string | undefined }} filter
 */
export function chosen(plan, { only, spec, leg }) {
  return plan.filter(
    (planned) =>
      (only === undefined || planned.scenario === only) &&
      (spec === undefined || planned.revision === spec) &&
      (leg === undefined || planned.leg === leg),
  );
}
