// Owns how figures are printed and kept: a row each, with its target where there is one. Judges nothing by exit code.

const nameWidth = 46;
const cellWidth = 9;

function shown(value) {
  if (typeof value !== 'number' || Number.isNaN(value)) return '–';
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}

function verdict(value, target) {
  const limit = target.atMost ?? target.atLeast;
  const reached = target.atMost === undefined ? value >= limit : value <= limit;
  return { reached, text: `${target.atMost === undefined ? '≥' : '≤'} ${limit} ${reached ? 'ok' : 'OVER'}` };
}

export function createReport(print = console.log) {
  const rows = [];
  let section = '';

  const keep = (name, column, value, unit, target) => {
    const kept = { section, name, ...(column !== '' && { column }), value, unit };
    rows.push(target ? { ...kept, target, reached: verdict(value, target).reached } : kept);
  };

  return {
    rows,

    /** Begins a table; the columns are those of its rows. */
    title(text, columns = []) {
      section = text;
      print(`\n${text}`);
      if (columns.length > 0) {
        print(`  ${''.padEnd(nameWidth)}${columns.map((column) => column.padStart(cellWidth)).join('')}`);
      }
    },

    /** One figure. `target`: {atMost} or {atLeast}, in the unit of the figure. */
    row(name, value, unit, target) {
      keep(name, '', value, unit, target);
      const goal = target ? `  target ${verdict(value, target).text}` : '';
      print(`  ${name.padEnd(nameWidth)}${shown(value).padStart(cellWidth)} ${unit.padEnd(7)}${goal}`.trimEnd());
    },

    /** One figure for each column: column → value; `targets`: column → target. */
    cells(name, values, unit, targets = {}) {
      for (const [column, value] of Object.entries(values)) keep(name, column, value, unit, targets[column]);
      const cells = Object.values(values).map((value) => shown(value).padStart(cellWidth));
      const goals = Object.entries(targets).map(
        ([column, target]) => `${column} ${verdict(values[column], target).text}`,
      );
      const goal = goals.length > 0 ? `  target ${goals.join(', ')}` : '';
      print(`  ${name.padEnd(nameWidth)}${cells.join('')} ${unit.padEnd(7)}${goal}`.trimEnd());
    },
  };
}
