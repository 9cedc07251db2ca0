// Owns which scenarios may fail, and why: revision → scenario → what it waits for. One that passes must leave this list.

/** @type {import('./judge.mjs').Baseline} */
export const baseline = {
  '2025-11-25': {
    'elicitation-sep1034-client-defaults':
      'needs what a server asks during a call passed on to the host, not built yet',
  },
  '2026-07-28': {
    'sep-2322-client-request-state': 'needs an "input_required" result passed on to the host, not built yet',
  },
};
