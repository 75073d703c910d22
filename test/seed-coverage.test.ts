/** The tests that docs/seed-coverage.md names exist, so that a row cannot outlive its proof. */

import { expect, test } from 'vitest';
import { expectTest, readCoverage, readDocument } from './coverage.ts';

const ROWS = readCoverage(readDocument('seed-coverage.md'), /F\d+/);

/** The rows that have to be there, as first and last of a run of numbers. */
const WANTED: readonly (readonly [number, number])[] = [
  [20, 32],
  [40, 47],
  [90, 115],
];
/** Numbers that there never were. */
const ABSENT = ['F104', 'F105', 'F106', 'F107', 'F108', 'F109'];

test.each(ROWS)('$row: $title', expectTest);

test('every row has a test', () => {
  const covered = new Set(ROWS.map(({ row }) => row));
  const missing = WANTED.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, index) => `F${first + index}`),
  ).filter((row) => !covered.has(row) && !ABSENT.includes(row));
  expect(missing).toEqual([]);
});
