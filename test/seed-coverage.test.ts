/** The tests that docs/seed-coverage.md names exist, so that a row cannot outlive its proof. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const DOCUMENT = readFileSync(join(ROOT, 'docs', 'seed-coverage.md'), 'utf8');
const ROWS = [...DOCUMENT.matchAll(/^\| (F\d+) \|.*\| `([^`]+)`: (.+) \|$/gm)].map(
  ([, row = '', file = '', title = '']) => ({ row, file, title }),
);

/** The rows that have to be there, as first and last of a run of numbers. */
const WANTED: readonly (readonly [number, number])[] = [
  [20, 32],
  [40, 47],
  [90, 115],
];
/** Numbers that there never were. */
const ABSENT = ['F104', 'F105', 'F106', 'F107', 'F108', 'F109'];

test.each(ROWS)('$row: $title', ({ file, title }) => {
  expect(existsSync(join(ROOT, file)), file).toBe(true);
  const source = readFileSync(join(ROOT, file), 'utf8');
  const quoted = [`'${title}'`, `"${title}"`, `\`${title}\``];
  expect(
    quoted.some((text) => source.includes(text)),
    `${file} has "${title}"`,
  ).toBe(true);
});

test('every row has a test', () => {
  const covered = new Set(ROWS.map(({ row }) => row));
  const missing = WANTED.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, index) => `F${first + index}`),
  ).filter((row) => !covered.has(row) && !ABSENT.includes(row));
  expect(missing).toEqual([]);
});
