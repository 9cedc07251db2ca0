// Owns what happened in a soak: calls, troubles and findings, counted, and the last of them in words.

const keptNotes = 2000;
/** Beyond that they are all the same. */
const shownFindings = 20;

export function createJournal() {
  const startedAt = Date.now();
  const notes = [];
  const counts = new Map();
  const calls = new Map();
  const findings = [];
  const note = (text) => {
    notes.push(`${((Date.now() - startedAt) / 1000).toFixed(2).padStart(8)} ${text}`);
    if (notes.length > keptNotes) notes.shift();
  };
  return {
    note,
    findings,
    calls,
    counts,

    count(name, by = 1) {
      counts.set(name, (counts.get(name) ?? 0) + by);
    },

    call(kind, outcome, tookMs) {
      const row = calls.get(kind) ?? { total: 0, slowestMs: 0, outcomes: {} };
      row.total += 1;
      row.slowestMs = Math.max(row.slowestMs, tookMs);
      row.outcomes[outcome] = (row.outcomes[outcome] ?? 0) + 1;
      calls.set(kind, row);
    },

    /** Something that must not be. @param {string} text @param {{ name: string, lines: string[] }} [host] whose log belongs to it */
    find(text, host) {
      note(`FINDING: ${text}`);
      findings.push({ text, log: host?.lines.slice(-40) ?? [] });
      if (findings.length <= shownFindings) console.error(`finding: ${text}`);
    },

    /** Everything that is known, for a file. */
    text: () =>
      [
        ...findings.flatMap(({ text, log }) => [`FINDING: ${text}`, ...log.map((line) => `    ${line}`)]),
        '',
        ...notes,
        '',
      ].join('\n'),
  };
}
