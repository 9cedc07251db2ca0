// Owns how the outcome of a soak is printed.

export function printReport({ journal, first, last, resident, seed, bounds }) {
  const rows = [...journal.calls].sort(([, one], [, other]) => other.total - one.total);
  console.log(`\n${'calls'.padEnd(30)}${'count'.padStart(8)}${'slowest'.padStart(10)}  outcomes`);
  for (const [name, { total, slowestMs, outcomes }] of rows) {
    const told = Object.entries(outcomes).map(([outcome, count]) => `${outcome} ${count}`);
    console.log(`${name.padEnd(30)}${String(total).padStart(8)}${`${slowestMs} ms`.padStart(10)}  ${told.join(', ')}`);
  }
  console.log('\ntroubles');
  for (const [name, count] of journal.counts) console.log(`${name.padEnd(30)}${String(count).padStart(8)}`);
  const percent = (bound) => `${Math.round((bound - 1) * 100)} %`;
  console.log(`\nheld, first look → last (bounds: used ${percent(bounds.used)}, resident ${percent(bounds.resident)})`);
  for (const [name, before] of Object.entries(first)) {
    const after = last[name];
    if (before === undefined || after === undefined) continue;
    const { before: early, after: late } = resident[name] ?? {};
    const total = (kinds) => Object.values(kinds).reduce((sum, count) => sum + count, 0);
    const cells = [
      `used ${before.usedMb.toFixed(1)} → ${after.usedMb.toFixed(1)} MB`,
      `resident ${early?.toFixed(0)} → ${late?.toFixed(0)} MB`,
      `open files ${total(before.files)} → ${total(after.files)}`,
      `handles ${total(before.resources)} → ${total(after.resources)}`,
    ];
    console.log(`${name.padEnd(18)}${cells.join(', ')}`);
  }
  const total = rows.reduce((sum, [, row]) => sum + row.total, 0);
  const found = journal.findings.length;
  console.log(`\n${total} calls, ${found === 0 ? 'nothing found' : `${found} findings`}, --seed ${seed}`);
}
