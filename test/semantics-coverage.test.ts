/** Every rule of docs/semantics-coverage.md has a test that exists, or says what it waits for. */

import { expect, test } from 'vitest';
import { expectTest, readCoverage, readDocument } from './coverage.ts';

const DOCUMENT = readDocument('semantics-coverage.md');
const ROWS = readCoverage(DOCUMENT, /\d+(?:\.\d+)+/);
/** Every row of a table that begins with a number: the number and what the rule says. */
const RULES = [...DOCUMENT.matchAll(/^\| (\d\S*) \| (.*?) ?\| /gm)].map(
  ([line, number = '', text = '']) => ({ line, number, text }),
);

/** How many rules there are under each heading. */
const COUNTS = new Map([
  ['1.1', 12],
  ['1.2', 8],
  ['1.3', 7],
  ['1.4', 2],
  ['2.0', 24],
  ['2.1', 9],
  ['3.0', 10],
  ['4.0', 11],
  ['5.1', 18],
  ['5.2', 10],
  ['5.3', 5],
  ['5.4', 6],
  ['6.0', 7],
  ['7.0', 13],
  ['8.0', 8],
  ['9.0', 10],
  ['10.1', 5],
  ['10.2', 4],
  ['10.3', 15],
  ['11.0', 7],
  ['12.0', 1],
  ['13.0', 1],
  ['14.0', 3],
  ['15', 15],
]);

test.each(ROWS)('$row: $title', expectTest);

test('every rule is said once, in the order of its number, and none is missing', () => {
  const said = RULES.filter(({ text }) => text !== '').map(({ number }) => number);
  const wanted = [...COUNTS].flatMap(([group, count]) =>
    Array.from({ length: count }, (_, index) => `${group}.${index + 1}`),
  );
  expect(said).toEqual(wanted);
});

test('every row names a test, or what its rule waits for', () => {
  const shown = ROWS.map(({ row }) => row);
  const later = [...DOCUMENT.matchAll(/^\| (\d\S*) \|.*\| later: \w+ \|$/gm)];
  const waiting = later.map(([, number = '']) => number);
  expect([...shown, ...waiting].sort()).toEqual(RULES.map(({ number }) => number).sort());
  expect(shown.filter((number) => waiting.includes(number))).toEqual([]);
});
