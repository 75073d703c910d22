/** Series of several files -> one: files of one subject may have begun at different times and steps. */

import type { Series } from './rrd.ts';

/**
 * All columns over the finest step of those that have rows, from the first row of any to the last; what
 * a file does not know is null. Null when there is no series at all.
 */
export function alignSeries(all: readonly Series[]): Series | null {
  const [first] = all;
  if (first === undefined) return null;
  const filled = all.filter(({ rows }) => rows.length > 0);
  const finest = filled.reduce(
    (best, each) => (each.stepS < best.stepS ? each : best),
    filled[0] ?? first,
  );
  const { stepS } = finest;
  const startsS = filled.map((each) => each.startS - each.stepS + stepS);
  const endsS = filled.map((each) => each.startS + (each.rows.length - 1) * each.stepS);
  const earliestS = Math.min(finest.startS, ...startsS);
  // On the grid of the finest, so that its values stay where they are.
  const startS = finest.startS - Math.floor((finest.startS - earliestS) / stepS) * stepS;
  const rowCount = filled.length === 0 ? 0 : Math.floor((Math.max(...endsS) - startS) / stepS) + 1;
  return {
    startS,
    stepS,
    names: all.flatMap(({ names }) => names),
    rows: Array.from({ length: rowCount }, (_, index) => {
      const atS = startS + index * stepS;
      return all.flatMap((each) => rowAt(each, atS));
    }),
  };
}

/** The row of the step that an instant lies in; a step ends with its own time. */
function rowAt({ startS, stepS, rows, names }: Series, atS: number): readonly (number | null)[] {
  return rows[Math.ceil((atS - startS) / stepS)] ?? names.map(() => null);
}

/** At most `maxRows` rows: neighbours are averaged, as far as they are known. */
export function condenseSeries(series: Series, maxRows: number): Series {
  const size = Math.ceil(series.rows.length / maxRows);
  if (size <= 1) return series;
  const rows: (number | null)[][] = [];
  for (let first = 0; first < series.rows.length; first += size) {
    const group = series.rows.slice(first, first + size);
    rows.push(series.names.map((_, column) => average(group.map((row) => row[column] ?? null))));
  }
  const stepS = series.stepS * size;
  return { ...series, startS: series.startS - series.stepS + stepS, stepS, rows };
}

function average(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return null;
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}
