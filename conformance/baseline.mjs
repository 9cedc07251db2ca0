// Owns which scenarios may fail, and why: revision → scenario → what it waits for. One that passes must leave this list.

/** @type {import('./judge.mjs').Baseline} */
export const baseline = {
  '2026-07-28': {
  },
};
