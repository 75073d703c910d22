/** Series of numbers -> a table with latest, least, average and greatest values and a line of bars. */

import { escapeLine } from './escape.ts';
import { formatNumber, NOTHING } from './format.ts';
import { formatSparkline } from './sparkline.ts';
import { formatTable } from './table.ts';

/** One series. */
export interface SeriesRow {
  readonly name: string;
  readonly last: number | null;
  /** The oldest first; null = unknown. */
  readonly values: readonly (number | null)[];
}

/** Bars of a series where there is no terminal to fit into. */
const DEFAULT_BARS = 60;
const MIN_BARS = 8;
const TITLES = ['METRIC', 'LAST', 'MIN', 'AVG', 'MAX'];

/** Lines, the titles first. */
export function formatSeries(
  rows: readonly SeriesRow[],
  {
    maxWidth,
    palette,
  }: {
    readonly maxWidth: number | null;
    readonly palette: { readonly title: (text: string) => string };
  },
): string {
  const figures = rows.map(({ name, last, values }) => {
    const known = values.filter((value) => value !== null);
    const least = known.reduce<number | null>((a, b) => (a === null || b < a ? b : a), null);
    const greatest = known.reduce<number | null>((a, b) => (a === null || b > a ? b : a), null);
    const sum = known.reduce((total, value) => total + value, 0);
    const average = known.length === 0 ? null : sum / known.length;
    const texts = [last, least, average, greatest].map(formatFigure);
    return { values, texts: [escapeLine(name), ...texts] };
  });
  const taken = TITLES.reduce((sum, title, column) => {
    const widths = figures.map(({ texts }) => texts[column]?.length ?? 0);
    return sum + Math.max(title.length, ...widths) + 2;
  }, 0);
  const room = maxWidth === null ? DEFAULT_BARS : maxWidth - taken;
  const barCount = Math.min(DEFAULT_BARS, Math.max(MIN_BARS, room));
  return formatTable({
    columns: [...TITLES, 'SERIES'].map((title) => ({ title, isFlexible: false })),
    rows: figures.map(({ texts, values }) =>
      [...texts, formatSparkline(values, barCount)].map((text) => ({ text })),
    ),
    maxWidth,
    paintTitle: palette.title,
  });
}

function formatFigure(value: number | null): string {
  return value === null ? NOTHING : formatNumber(value);
}
