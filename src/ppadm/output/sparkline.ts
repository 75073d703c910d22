/** A series of numbers -> one line of small bars. */

const BARS = '▁▂▃▄▅▆▇█';

/**
 * At most `width` bars, from the least to the greatest value of the series; neighbours are averaged
 * when there are more values. Unknown values are spaces; a series without change lies low when it is
 * zero and in the middle otherwise. Empty when there is no value or no width.
 */
export function formatSparkline(values: readonly (number | null)[], width: number): string {
  const known = resample(values, width).filter((value) => value !== null);
  if (known.length === 0) return '';
  const least = Math.min(...known);
  const greatest = Math.max(...known);
  return resample(values, width)
    .map((value) => (value === null ? ' ' : barOf(value, least, greatest)))
    .join('');
}

function barOf(value: number, least: number, greatest: number): string {
  const top = BARS.length - 1;
  const flat = value === 0 ? 0 : top / 2;
  const height = greatest > least ? ((value - least) / (greatest - least)) * top : flat;
  return BARS.charAt(Math.floor(height));
}

function resample(values: readonly (number | null)[], width: number): (number | null)[] {
  const count = Math.max(0, Math.min(values.length, Math.floor(width)));
  return Array.from({ length: count }, (_, index) => {
    const start = Math.floor((index * values.length) / count);
    const end = Math.floor(((index + 1) * values.length) / count);
    return average(values.slice(start, end));
  });
}

function average(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return null;
  return known.reduce((total, value) => total + value, 0) / known.length;
}
