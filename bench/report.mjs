// Owns how figures are printed: one row each, with its target where there is one. Judges nothing by exit code.

const shown = (value) => (typeof value === 'number' ? value.toFixed(value < 10 ? 2 : 0) : String(value));

export function createReport() {
  const rows = [];
  return {
    rows,

    title(text) {
      console.log(`\n${text}`);
    },

    /** `target`: {atMost} or {atLeast}, in the unit of the figure. */
    row(name, value, unit = '', target = undefined, note = '') {
      const limit = target?.atMost ?? target?.atLeast;
      const reached = limit === undefined || (target.atMost === undefined ? value >= limit : value <= limit);
      const goal =
        limit === undefined
          ? ''
          : `target ${target.atMost === undefined ? '≥' : '≤'} ${limit}  ${reached ? 'ok' : 'OVER'}`;
      rows.push({ name, value, unit, ...(limit !== undefined && { target, reached }) });
      console.log(
        `  ${name.padEnd(58)} ${`${shown(value)} ${unit}`.padEnd(14)} ${goal}${note && `  ${note}`}`.trimEnd(),
      );
    },
  };
}
