import { expect, test } from 'vitest';
import { alignSeries, condenseSeries } from './align.ts';

const series = (
  startS: number,
  stepS: number,
  name: string,
  values: readonly (number | null)[],
) => ({
  ...{ startS, stepS, names: [name], rows: values.map((value) => [value]) },
});

test('series of one grid are joined, from the first row of any to the last', () => {
  const joined = alignSeries([series(60, 60, 'a', [1, 2, 3]), series(120, 60, 'b', [7, 8, 9])]);
  expect(joined).toEqual({
    ...{ startS: 60, stepS: 60, names: ['a', 'b'] },
    rows: [
      [1, null],
      [2, 7],
      [3, 8],
      [null, 9],
    ],
  });
});

test('a coarser series has its value in each step that it covers', () => {
  const joined = alignSeries([series(300, 300, 'slow', [5, null]), series(60, 60, 'fast', [1, 2])]);
  expect(joined?.stepS).toBe(60);
  expect(joined?.startS).toBe(60);
  expect(joined?.rows.slice(0, 6)).toEqual([
    [5, 1],
    [5, 2],
    [5, null],
    [5, null],
    [5, null],
    [null, null],
  ]);
});

test('a series without rows adds its name only, and none is none', () => {
  const joined = alignSeries([series(60, 60, 'a', []), series(120, 60, 'b', [1])]);
  expect(joined).toEqual({ startS: 120, stepS: 60, names: ['a', 'b'], rows: [[null, 1]] });
  expect(alignSeries([series(60, 60, 'a', [])])?.rows).toEqual([]);
  expect(alignSeries([])).toBeNull();
});

test('neighbours are averaged as far as they are known', () => {
  const long = series(60, 60, 'a', [1, 3, null, null, null, 5, 7]);
  expect(condenseSeries(long, 4)).toEqual(series(120, 120, 'a', [2, null, 5, 7]));
  expect(condenseSeries(long, 7)).toBe(long);
});
