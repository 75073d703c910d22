import { expect, test } from 'vitest';
import { nextConcurrency, programRange } from './concurrency.ts';

const CALM = { isShort: false, lagMs: 0, loadPerCore: 0.5, threadUse: 0.2 };
const RANGE = { min: 8, max: 128 };

test.each([
  ['nothing waits', 32, CALM, 32],
  ['checks wait and the machine is calm', 32, { ...CALM, isShort: true }, 36],
  ['checks wait and the machine is busy', 32, { ...CALM, isShort: true, loadPerCore: 2 }, 32],
  ['checks wait and so do their threads', 32, { ...CALM, isShort: true, threadUse: 0.97 }, 32],
  ['the event loop is late', 32, { ...CALM, isShort: true, lagMs: 300 }, 25],
  ['the processors are overloaded', 32, { ...CALM, loadPerCore: 5 }, 25],
  ['it is at its greatest', 128, { ...CALM, isShort: true }, 128],
  ['it is at its least', 8, { ...CALM, lagMs: 300 }, 8],
])('when %s, %i becomes what suits', (_when, count, sample, expected) => {
  expect(nextConcurrency(count, sample, RANGE)).toBe(expected);
});

test.each([1, 2, 8, 64])('the range for %i processors holds its beginning', (cores) => {
  const { start, min, max } = programRange(cores);
  expect(min).toBeLessThanOrEqual(start);
  expect(start).toBeLessThanOrEqual(max);
});
